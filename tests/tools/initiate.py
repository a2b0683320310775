#!/usr/bin/env python3
"""initiate.py PORT SET: make a fresh mongod a replica set of one member and
wait until it is primary."""
import sys
import time

import pymongo


def main():
    port, name = int(sys.argv[1]), sys.argv[2]
    client = pymongo.MongoClient("127.0.0.1", port, directConnection=True)
    config = {"_id": name, "members": [{"_id": 0, "host": f"127.0.0.1:{port}"}]}
    deadline = time.time() + 60
    while time.time() < deadline:
        try:
            client.admin.command("replSetInitiate", config)
            break
        except pymongo.errors.OperationFailure:
            break
        except pymongo.errors.PyMongoError:
            time.sleep(0.1)
    while time.time() < deadline:
        try:
            if client.admin.command("isMaster").get("ismaster"):
                return 0
        except pymongo.errors.PyMongoError:
            pass
        time.sleep(0.1)
    print("initiate: no primary within 60 s", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
