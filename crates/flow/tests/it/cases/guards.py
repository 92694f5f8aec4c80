import re
import sys
import api

sink = api.sink
ALLOWED = ["a", "b"]
TABLE = {"x": 1}
PATTERN = re.compile(r"^[a-z0-9_]+$")


def member(data=api.data):
    data = api.data
    if data not in ALLOWED:
        return
    sink(data)  # NOT


def member_other():
    data = api.data
    if data in ALLOWED:
        return
    sink(data)  # HERE


def member_key():
    data = api.data
    if data in TABLE:
        sink(data)  # NOT
    else:
        sink(data)  # HERE


def member_stop():
    data = api.data
    if data not in ("a", "b"):
        api.stop(400)
    sink(data)  # NOT


def text_member():
    data = api.data
    if "a" in data:
        sink(data)  # HERE


def equal():
    data = api.data
    if data == "fixed":
        sink(data)  # NOT
    if data != "fixed":
        sink(data)  # HERE
    else:
        sink(data)  # NOT


def called():
    data = api.data
    if api.is_good(data):
        sink(data)  # NOT
    sink(data)  # HERE


def both():
    data = api.data
    if api.is_good(data) and api.any():
        sink(data)  # NOT
    if api.is_good(data) or api.any():
        sink(data)  # HERE
    if not (api.is_good(data) or data in ALLOWED):
        raise ValueError
    sink(data)  # NOT


def kept():
    data = api.data
    ok = api.is_good(data)
    if not ok:
        return
    sink(data)  # NOT


def kept_too_long():
    data = api.data
    ok = api.is_good(data)
    data = api.data
    if not ok:
        return
    sink(data)  # HERE


def whole():
    data = api.data
    if not re.fullmatch(r"[a-z]+", data):
        return
    sink(data)  # NOT


def whole_but_wide():
    data = api.data
    if not re.fullmatch(r".+", data):
        return
    sink(data)  # HERE


def start_only():
    data = api.data
    if re.match(r"[a-z]+", data):
        sink(data)  # HERE
    if re.match(r"[a-z]+$", data):
        sink(data)  # NOT
    if re.search(r"^[a-z]+$", data) is None:
        return
    sink(data)  # NOT


def compiled():
    data = api.data
    if PATTERN.match(data):
        sink(data)  # NOT
    m = PATTERN.fullmatch(data)
    if m is None:
        sys.exit(1)
    sink(data)  # NOT


def converted():
    data = api.data
    try:
        int(data)
    except ValueError:
        return
    sink(data)  # NOT


def converted_or_not():
    data = api.data
    try:
        int(data)
    except ValueError:
        pass
    sink(data)  # HERE


def digits():
    data = api.data
    if data.isdigit():
        sink(data)  # NOT
    assert data.isalnum()
    sink(data)  # NOT


def typed():
    data = api.data
    if isinstance(data, int):
        sink(data)  # NOT
    if isinstance(data, str):
        sink(data)  # HERE


def beginning():
    data = api.data
    if not data.startswith("/base/"):
        raise ValueError
    sink(data)  # NOT


def validate(value):
    if value not in ALLOWED:
        raise ValueError


def validated():
    data = api.data
    validate(data)
    sink(data)  # NOT


def is_valid(value):
    return value in ALLOWED and len(value) < 10


def asked():
    data = api.data
    if not is_valid(data):
        return
    sink(data)  # NOT


def asked_wrongly():
    data = api.data
    if is_valid(data):
        return
    sink(data)  # HERE


def is_fine(value):
    if value in ALLOWED:
        return True
    return False


def asked_again():
    data = api.data
    if is_fine(data):
        sink(data)  # NOT
    else:
        sink(data)  # HERE


def is_always(value):
    if value in ALLOWED:
        return True
    return api.any()


def asked_for_nothing():
    data = api.data
    if is_always(data):
        sink(data)  # HERE


def fail():
    raise ValueError


def fails():
    data = api.data
    if data not in ALLOWED:
        fail()
    sink(data)  # NOT


def empty():
    data = api.data
    if not data:
        sink(data)  # NOT
    data = data or "x"
    sink(data)  # HERE


def looked_up():
    data = api.data
    choice = {"a": "1", "b": "2"}.get(data, "0")
    sink(choice)  # NOT
    sink(TABLE[data])  # NOT


def conditional():
    data = api.data
    value = data if data in ALLOWED else "a"
    sink(value)  # NOT


def loop():
    data = api.data
    while data not in ALLOWED:
        data = api.read()
    sink(data)  # NOT


def rebinds(value):
    if value:
        value = "x"
    else:
        value = "y"


def given_to_one_that_rebinds():
    data = api.data
    rebinds(data)
    sink(data)  # HERE


def rebinds_and_asks(value):
    value = api.any()
    return value in ALLOWED


def asked_of_another():
    data = api.data
    if rebinds_and_asks(data):
        sink(data)  # HERE


def lowered():
    data = api.data
    if data.lower() in ALLOWED:
        sink(data)  # NOT


def compared_with_data():
    data = api.data
    if data == api.read():
        sink(data)  # HERE


def member_of_data():
    data = api.data
    if data in api.read():
        sink(data)  # HERE


def number_below():
    data = api.data
    if data < 10:
        sink(data)  # HERE


def read_twice():
    if api.data["name"] not in ALLOWED:
        raise ValueError
    sink(api.data["name"])  # NOT
    sink(api.data["other"])  # HERE


def read_of_a_variable():
    body = api.read()
    if body["name"] in ALLOWED and not body.kind.isdigit():
        sink(body["name"])  # NOT
        sink(body.kind)  # HERE
    body["name"] = api.data
    sink(body["name"])  # HERE


def read_of_another():
    body = api.read()
    if body["name"] not in ALLOWED:
        return
    body = api.read()
    sink(body["name"])  # HERE


def asked_by_name():
    form = api.read()
    if form.get("name") not in ALLOWED:
        return
    sink(form.get("name"))  # NOT
    sink(form.get("other"))  # HERE


def next_one():
    lines = api.read()
    if lines.next() in ALLOWED:
        sink(lines.next())  # HERE


def good_name(name):
    return api.is_good(name)


def tested_by_a_call():
    if api.is_good(api.data["name"]):
        sink(api.data["name"])  # NOT
    if good_name(api.data["name"]):
        sink(api.data["name"])  # NOT
    sink(api.data["name"])  # HERE


def tested_by_its_origin():
    data = api.data
    part = data.split("/")[0]
    if api.is_good_origin(part):
        sink(data)  # NOT
    sink(data)  # HERE


def empty_attribute():
    data = api.data
    if api.parse(data).host:
        sink(data)  # HERE
        return
    sink(data)  # NOT


def compared_attribute():
    data = api.data
    if api.parse(data).host == "here":
        sink(data)  # NOT
    sink(data)  # HERE
