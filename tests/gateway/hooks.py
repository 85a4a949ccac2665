"""What the description says in words only, for schemathesis: a request that it makes to be good is made to keep these
rules as well. Whatever is wrong by the schema stays as it is."""

import re

import schemathesis

DATE = re.compile(r"^\d{4}-\d\d-\d\d(T.*)$")
IDS_CHARS_MAX = 2048


def near(text):
    """The same time of a day in the next weeks: not more than 180 days ahead, and a day that there is."""
    return DATE.sub(r"2026-12-24\1", text)


def minutes(time):
    if not isinstance(time, dict):
        return None
    hour, minute = time.get("hour"), time.get("minute")
    return 60 * hour + minute if type(hour) is int and type(minute) is int else None


def mend(window):
    """The second end is at least an hour after the first."""
    ends = [window.get("from"), window.get("to")]
    if all(minutes(end) is not None for end in ends) and all(0 <= minutes(end) < 1440 for end in ends):
        if minutes(ends[1]) - minutes(ends[0]) < 60:
            window |= {"from": {"hour": 8, "minute": 0}, "to": {"hour": 9, "minute": 0}}


def whole(value):
    """Whole numbers without a point."""
    if isinstance(value, dict):
        return {name: whole(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [whole(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def inside(value, *names):
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


@schemathesis.hook
def before_call(context, case, kwargs):
    case.body = whole(case.body)
    schedule = inside(case.body, "options", "schedule")
    if isinstance(inside(schedule, "sendAt"), str):
        schedule["sendAt"] = near(schedule["sendAt"])
    messages = inside(case.body, "messages")
    for message in messages if isinstance(messages, list) else []:
        window = inside(message, "options", "deliveryTimeWindow")
        if isinstance(window, dict):
            mend(window)
    # A cursor is one that the sandbox has given out, and ids are not too long together.
    query = case.query if isinstance(case.query, dict) else {}
    query.pop("cursor", None)
    for name in ("bulkId", "messageId"):
        if isinstance(query.get(name), list) and sum(len(str(one)) for one in query[name]) > IDS_CHARS_MAX:
            query[name] = query[name][:1]
