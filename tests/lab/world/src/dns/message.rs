//! The outer form of DNS messages: size, truncation, answers to garbage.

use hickory_proto::op::{Message, OpCode, ResponseCode};

/// The largest UDP answer, as recommended since DNS flag day 2020.
pub(super) const LARGEST_UDP: u16 = 1232;

/// The bytes of a response; without its records and with the TC flag if it is too large.
pub(super) fn encode(response: &Message, largest: usize) -> Option<Vec<u8>> {
    let bytes = response.to_vec().ok()?;
    if bytes.len() <= largest { Some(bytes) } else { response.truncate().to_vec().ok() }
}

/// FORMERR for a packet that has at least a header and is a question.
pub(super) fn failure_of(packet: &[u8]) -> Option<Vec<u8>> {
    let [high, low, flags, ..] = packet else {
        return None;
    };
    let is_response = flags & 0x80 != 0;
    if packet.len() < 12 || is_response {
        return None;
    }
    let id = u16::from_be_bytes([*high, *low]);
    Message::error_msg(id, OpCode::Query, ResponseCode::FormErr).to_vec().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn garbage_with_a_header_is_answered_with_a_format_error() {
        let mut packet = [0xff_u8; 20];
        packet[2] = 0;
        let answer = Message::from_vec(&failure_of(&packet).unwrap()).unwrap();
        assert_eq!(answer.metadata.response_code, ResponseCode::FormErr);
        assert_eq!(answer.metadata.id, 0xffff);
    }

    #[test]
    fn a_packet_that_is_no_question_gets_no_answer() {
        assert!(failure_of(&[0; 5]).is_none());
        assert!(failure_of(&[0xff; 20]).is_none());
    }
}
