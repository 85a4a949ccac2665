"""Which rules in words were needed to make good requests, and how often: one that never was hides something, or is a rule
no more. needed.py COUNTED"""

import json
import sys

(COUNTED,) = sys.argv[1:]

with open(COUNTED, encoding="utf-8") as file:
    counts = json.load(file)
print("rules in words:", "; ".join(f"{name.replace('_', ' ')}: {count}" for name, count in counts.items()))
unneeded = [name for name, count in counts.items() if count == 0]
if unneeded or not counts:
    sys.exit(f"never needed: {', '.join(unneeded) or 'there is none'}")
