"""What the vendor's own client for Python makes of the sandbox: it has no class for Instagram, but its transport and
its models are those of every channel."""

import datetime
import sys

from infobip_api_client.api_client import ApiClient
from infobip_api_client.configuration import Configuration
from infobip_api_client.exceptions import ApiException
from infobip_api_client.models.api_error import ApiError
from infobip_api_client.models.sms_delivery_result import SmsDeliveryResult
from infobip_api_client.models.sms_logs_response import SmsLogsResponse
from infobip_api_client.models.sms_response import SmsResponse

URL, KEY = sys.argv[1:]
NOON = datetime.datetime(2026, 11, 30, 12, tzinfo=datetime.timezone.utc)


def client(key):
    return ApiClient(Configuration(host=URL, api_key=key))


def call(method, path, body=None, query=(), key=KEY, **types):
    """Asks as the classes of the client do; `types` says as what each answer is read."""
    api = client(key)
    parameters = api.param_serialize(
        method=method,
        resource_path=path,
        header_params={"Accept": "application/json", "Content-Type": "application/json"},
        query_params=list(query),
        body=body,
        auth_settings=["APIKeyHeader"],
    )
    answer = api.call_api(*parameters)
    answer.read()
    types = {status.lstrip("_"): name for status, name in types.items()}
    return api.response_deserialize(response_data=answer, response_types_map=types).data


def move(**clock):
    """Moves the sandbox's clock."""
    call("POST", "/sandbox/clock", clock, _200="object")


def send(bulk_id, send_at=None, to=("17841400000000001",)):
    schedule = {"bulkId": bulk_id} | ({"sendAt": send_at} if send_at else {})
    message = {
        "sender": "shop",
        "destinations": [{"to": one, "messageId": f"{bulk_id}.{one}"} for one in to],
        "content": {"type": "TEXT", "text": "Hello"},
    }
    body = {"messages": [message], "options": {"schedule": schedule}}
    return call("POST", "/instagram/1/messages", body, _200="SmsResponse", _400="ApiError")


def check(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: {found!r}, and not {expected!r}")


# It sends, and reads the answer.
answer = send("now", to=["17841400000000001", "17841400000000002"])
assert isinstance(answer, SmsResponse), answer
check("the bulkId", answer.bulk_id, "now")
check("the messageIds", [one.message_id for one in answer.messages], ["now.17841400000000001", "now.17841400000000002"])
check("the statuses", {(one.status.group_id, one.status.name) for one in answer.messages}, {(1, "PENDING_ACCEPTED")})

# It schedules with a datetime, which it writes in whatever form it likes, and the message leaves then.
forms = {
    "whole": NOON + datetime.timedelta(hours=1),
    "micros": NOON + datetime.timedelta(hours=1, microseconds=123456),
    "offset": (NOON + datetime.timedelta(hours=1)).astimezone(datetime.timezone(datetime.timedelta(hours=2))),
}
for name, instant in forms.items():
    check("the bulkId", send(name, instant).bulk_id, name)
logs = call("GET", "/instagram/1/logs", query=[("bulkId", "whole,micros,offset")], _200="SmsLogsResponse")
check("what is in the logs before its time", logs.results, [])
move(advance="1h 1s")
logs = call("GET", "/instagram/1/logs", query=[("bulkId", "whole,micros,offset")], _200="SmsLogsResponse")
assert isinstance(logs, SmsLogsResponse), logs
sent = {one.bulk_id: one.sent_at for one in logs.results}
check("the messages in the logs", set(sent), set(forms))
for name, instant in forms.items():
    late = sent[name] - instant
    check(f"how late {name} left", abs(late) < datetime.timedelta(milliseconds=1), True)

# It pages through the logs.
pages, cursor = [], None
while True:
    query = [("useCursor", "true"), ("limit", 2)] + ([("cursor", cursor)] if cursor else [])
    logs = call("GET", "/instagram/1/logs", query=query, _200="SmsLogsResponse")
    pages.append([one.message_id for one in logs.results])
    cursor = logs.cursor.next_cursor
    if not cursor:
        break
check("the pages", [len(page) for page in pages], [2, 2, 1])

# It reads each report once.
move(advance="1m")
reports = call("GET", "/instagram/1/reports", query=[("limit", 1000)], _200="SmsDeliveryResult")
assert isinstance(reports, SmsDeliveryResult), reports
check("the messages reported", sorted(one.message_id for one in reports.results), sorted(sum(pages, [])))
check("the statuses reported", {one.status.group_name for one in reports.results}, {"DELIVERED"})
check("their errors", {one.error.name for one in reports.results}, {"NO_ERROR"})
reports = call("GET", "/instagram/1/reports", _200="SmsDeliveryResult")
check("the reports of a second time", reports.results, [])


# It understands errors.
def refusal(of):
    try:
        of()
    except ApiException as error:
        assert isinstance(error.data, ApiError), error
        return error.status, error.data
    sys.exit("it was not refused")


status, error = refusal(lambda: send("x" * 101))
check("the status", (status, error.error_code), (400, "E400"))
check("the violations", [one.var_property for one in error.violations], ["options.schedule.bulkId"])
status, error = refusal(lambda: call("GET", "/instagram/1/logs", key="another", _401="ApiError"))
check("the status", (status, error.error_code, len(error.resources)), (401, "E401", 1))

print("the vendor's client: sent, scheduled, read logs and reports, and was refused, all as it should be")
