// whoami answers with what it saw of a request, in the words of github.com/traefik/whoami, which cannot be had as a Go
// module here. It knows the flags and paths that a demo needs; unknown flags are refused.
package main

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// What GET /health answers. As with the real one, whoever may POST there sets it.
var health atomic.Int64

func main() {
	port := flag.String("port", envOr("WHOAMI_PORT_NUMBER", "80"), "port to listen on")
	name := flag.String("name", os.Getenv("WHOAMI_NAME"), "name to answer with")
	verbose := flag.Bool("verbose", false, "log each request")
	flag.Parse()

	health.Store(http.StatusOK)
	http.HandleFunc("/health", answerHealth)
	http.HandleFunc("/echo", echo)
	http.HandleFunc("/count", count)
	http.HandleFunc("/api", func(w http.ResponseWriter, r *http.Request) { answerJSON(w, r, *name) })
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if *verbose {
			log.Printf("%s - %s %s", r.RemoteAddr, r.Method, r.URL)
		}
		if wait, err := time.ParseDuration(r.URL.Query().Get("wait")); err == nil {
			time.Sleep(wait)
		}
		answerText(w, r, *name)
	})
	log.Fatal(http.ListenAndServe(":"+*port, nil))
}

func answerHealth(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.WriteHeader(int(health.Load()))
		return
	}
	var status int
	if err := json.NewDecoder(r.Body).Decode(&status); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	health.Store(int64(status))
}

// A websocket (RFC 6455) that sends back what it gets, in frames of less than 126 bytes.
func echo(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Sec-WebSocket-Key")
	taker, can := w.(http.Hijacker)
	if key == "" || !can {
		http.Error(w, "not a websocket", http.StatusBadRequest)
		return
	}
	conn, both, err := taker.Hijack()
	if err != nil {
		log.Print(err)
		return
	}
	defer conn.Close()
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	fmt.Fprintf(both, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
	for both.Flush() == nil {
		if err := echoFrame(both); err != nil {
			return
		}
	}
}

func echoFrame(both *bufio.ReadWriter) error {
	// First byte, length with the bit that says "masked", and the mask.
	var head [6]byte
	if _, err := io.ReadFull(both, head[:]); err != nil {
		return err
	}
	length := head[1] & 0x7f
	if length > 125 {
		return fmt.Errorf("a frame of more than 125 bytes")
	}
	payload := make([]byte, length)
	if _, err := io.ReadFull(both, payload); err != nil {
		return err
	}
	for i := range payload {
		payload[i] ^= head[2+i%4]
	}
	_, err := both.Write(append([]byte{head[0], length}, payload...))
	return err
}

func answerText(w http.ResponseWriter, r *http.Request, name string) {
	if name != "" {
		fmt.Fprintln(w, "Name:", name)
	}
	host, _ := os.Hostname()
	fmt.Fprintln(w, "Hostname:", host)
	for _, ip := range addresses() {
		fmt.Fprintln(w, "IP:", ip)
	}
	fmt.Fprintln(w, "RemoteAddr:", r.RemoteAddr)
	if err := r.Write(w); err != nil {
		log.Print(err)
	}
}

func answerJSON(w http.ResponseWriter, r *http.Request, name string) {
	host, _ := os.Hostname()
	w.Header().Set("Content-Type", "application/json")
	err := json.NewEncoder(w).Encode(map[string]any{
		"hostname": host, "ip": addresses(), "headers": r.Header, "url": r.URL.RequestURI(),
		"host": r.Host, "method": r.Method, "name": name, "remoteAddr": r.RemoteAddr,
	})
	if err != nil {
		log.Print(err)
	}
}

func addresses() []string {
	var found []string
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, address := range all {
		if network, ok := address.(*net.IPNet); ok {
			found = append(found, network.IP.String())
		}
	}
	return found
}

func envOr(key, otherwise string) string {
	if value := os.Getenv(key); value != "" {
		return value
	}
	return otherwise
}

// count answers how many bytes came.
func count(w http.ResponseWriter, r *http.Request) {
	bytes, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	fmt.Fprintln(w, bytes)
}
