"""Whether the sandbox has answered what it was asked, and not turned everybody away: each operation at least once with a
200, and messages were accepted. heard.py URL"""

import json
import sys
import urllib.parse
import urllib.request

(URL,) = sys.argv[1:]


def door(path, /, **query):
    with urllib.request.urlopen(f"{URL}/sandbox/{path}?{urllib.parse.urlencode(query)}", timeout=10) as answer:
        return json.load(answer)


with urllib.request.urlopen(f"{URL}/openapi.json", timeout=10) as answer:
    paths = list(json.load(answer)["paths"])
counts = {path: door("requests", status=200, path=path, count=1)["count"] for path in paths}
accepted = door("state")["accepted"]
print(f"messages accepted: {accepted}; answered with 200: {counts}")
silent = [path for path, count in counts.items() if count == 0]
if silent or not paths:
    sys.exit(f"never answered with 200: {', '.join(silent) or 'nothing is described'}")
if accepted == 0:
    sys.exit("no message was accepted")
