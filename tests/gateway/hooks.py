"""What the description says in words only, for schemathesis: a request that it makes to be good is made to keep these
rules as well, each of them by as little as that takes. Whatever is wrong by the schema stays as it is.

How often each of them was needed is written to the file that HOOKS_COUNTED names, when the run is over: a rule that was
never needed hides something, or is a rule no more."""

import atexit
import collections
import datetime
import json
import os
import re
import urllib.parse
import urllib.request

import schemathesis

NOW = datetime.datetime(2026, 11, 30, 12, tzinfo=datetime.timezone.utc)
AHEAD_MAX = datetime.timedelta(days=180)
TIME = re.compile(r"^(\d{4}-\d\d-\d\d)(T.*)$")
WINDOW_MINUTES_MIN = 60
NUMBERS = ("amount", "hour", "minute")

counts = collections.Counter()


def write_counts():
    if "HOOKS_COUNTED" in os.environ:
        with open(os.environ["HOOKS_COUNTED"], "w", encoding="utf-8") as file:
            json.dump({rule.__name__: counts[rule.__name__] for rule in RULES}, file)


atexit.register(write_counts)


def inside(value, *names):
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def windows(case):
    """The delivery windows of which both ends are times of a day."""
    messages = inside(case.body, "messages")
    for message in messages if isinstance(messages, list) else []:
        window = inside(message, "options", "deliveryTimeWindow")
        ends = [minutes(inside(window, end)) for end in ("from", "to")]
        if None not in ends:
            yield window, *ends


def minutes(time):
    hour, minute = inside(time, "hour"), inside(time, "minute")
    whole = type(hour) is int and type(minute) is int and 0 <= hour < 24 and 0 <= minute < 60
    return 60 * hour + minute if whole else None


def there_is_such_a_day(case):
    """A date is one of the calendar."""
    schedule, date, rest = send_at(case)
    if date and day(date) is None:
        schedule["sendAt"] = "2026-12-24" + rest
        return True
    return False


def at_most_180_days_ahead(case):
    """A `sendAt` is not too far off. One that is past stays."""
    schedule, date, rest = send_at(case)
    # A day less: whichever zone it has.
    if date and day(date) is not None and day(date) - NOW.date() >= AHEAD_MAX - datetime.timedelta(days=1):
        schedule["sendAt"] = "2026-12-24" + rest
        return True
    return False


def send_at(case):
    schedule = inside(case.body, "options", "schedule")
    text = inside(schedule, "sendAt")
    found = TIME.match(text) if isinstance(text, str) else None
    return (schedule, *found.groups()) if found else (None, None, None)


def day(date):
    try:
        return datetime.date.fromisoformat(date)
    except ValueError:
        return None


def an_hour_between_from_and_to(case):
    """A window that ends less than an hour after it begins, on the same day, ends an hour after."""
    short = [(window, start) for window, start, end in windows(case) if 0 <= end - start < WINDOW_MINUTES_MIN]
    for window, start in short:
        start = min(start, 24 * 60 - 1 - WINDOW_MINUTES_MIN)
        window["from"] |= {"hour": start // 60, "minute": start % 60}
        window["to"] |= {"hour": start // 60 + 1, "minute": start % 60}
    return bool(short)


def no_window_over_night(case):
    """A window that ends before it begins is turned around."""
    over_night = [window for window, start, end in windows(case) if end < start]
    for window in over_night:
        window["from"], window["to"] = window["to"], window["from"]
    return bool(over_night)


def whole_numbers_without_a_point(case):
    """JSON Schema calls 1.0 whole, and so do we where it stands for a number of ours."""
    found = False

    def write(value):
        nonlocal found
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            if name in NUMBERS and isinstance(inner, float) and inner.is_integer():
                value[name] = int(inner)
                found = True
            elif isinstance(inner, (dict, list)):
                write(inner)

    if isinstance(case.body, (dict, list)):
        write(case.body)
    return found


def a_cursor_that_was_given_out(case):
    """Where a cursor counts it is one of the sandbox's own, if it has given one out; else there is none."""
    query = case.query if isinstance(case.query, dict) else {}
    if not isinstance(query.get("cursor"), str) or str(query.get("useCursor")).lower() != "true":
        return False
    given = cursor(case)
    if given:
        query["cursor"] = given
    else:
        del query["cursor"]
    return True


def cursor(case):
    """Asks the sandbox for a cursor."""
    url = f"{case.operation.base_url.rstrip('/')}/instagram/1/logs?{urllib.parse.urlencode({'useCursor': 'true', 'limit': 1})}"
    request = urllib.request.Request(url, headers={"Authorization": "App the-api-key"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)["cursor"].get("nextCursor")
    except (OSError, ValueError, KeyError):
        # It plays a fault, or knows another key.
        return None


RULES = [
    whole_numbers_without_a_point,
    there_is_such_a_day,
    at_most_180_days_ahead,
    no_window_over_night,
    an_hour_between_from_and_to,
    a_cursor_that_was_given_out,
]


@schemathesis.hook
def before_call(context, case, kwargs):
    for rule in RULES:
        counts[rule.__name__] += rule(case)
