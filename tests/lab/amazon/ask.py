"""Writes a TXT record into a zone with the access key of the environment, as any program with that key could, and tells what came
of it: `done`, or the code of the refusal.

    ask.py ZONE_ID NAME
"""

import sys

import boto3
from botocore.exceptions import ClientError

ZONE, NAME = sys.argv[1:]
CHANGE = {
    "Action": "UPSERT",
    "ResourceRecordSet": {"Name": NAME, "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"tried"'}]},
}

try:
    client = boto3.client("route53", region_name="us-east-1")
    client.change_resource_record_sets(HostedZoneId=ZONE, ChangeBatch={"Changes": [CHANGE]})
    print("done")
except ClientError as error:
    print(error.response["Error"]["Code"])
