import functools
import api

data, sink = api.data, api.sink
app = api.App()


def passes(value):
    return value


def wraps(value):
    sink(value)  # HERE


def fixed(value):
    return "x"


sink(passes(data))  # HERE
sink(passes("x"))  # NOT
wraps(data)
sink(fixed(data))  # NOT


def options(a, b="x", *rest, c=None, **others):
    sink(a)  # HERE
    sink(rest)  # HERE
    sink(c)  # HERE
    sink(others)  # HERE
    sink(others["d"])  # HERE


options(data, 1, data, c=data, d=data)


def defaults(a, b="x"):
    return b


sink(defaults(data))  # NOT
sink(defaults(1, data))  # HERE
sink(defaults(b=data, a=1))  # HERE


def recursive(value, depth):
    if depth == 0:
        return value
    return recursive(value, depth - 1)


sink(recursive(data, 5))  # HERE


def even(n, value):
    return value if n == 0 else odd(n - 1, value)


def odd(n, value):
    return even(n - 1, value)


sink(even(4, data))  # HERE


def outer():
    captured = data

    def inner():
        sink(captured)  # HERE
        return captured

    sink(inner())  # HERE
    captured = "x"
    return inner


def counts():
    total = []

    def add(value):
        total.append(value)

    add(data)
    sink(total)  # HERE


sink(list(map(passes, [data])))  # HERE
sink(list(map(fixed, [data])))  # NOT
api.unknown(lambda value: sink(value), data)  # HERE
api.unknown(lambda value: sink(value), "x")  # NOT


@app.route("/")
def view(name, number: int):
    sink(name)  # HERE
    sink(number)  # NOT


def factory():
    @app.route("/inner")
    def inner(name):
        sink(name)  # HERE

    return app


def chosen(flag):
    if flag:
        return data
    return "x"


sink(chosen(False))  # NOT
sink(chosen(True))  # HERE


def _only_clean(value):
    sink(value)  # NOT


_only_clean("x")


def written(target):
    target["key"] = data


place = {}
written(place)
sink(place["key"])  # HERE


def pair():
    return "x", data


left, right = pair()
sink(left)  # NOT
sink(right)  # HERE


@functools.wraps(passes)
def decorated(value):
    return value


sink(decorated(data))  # HERE
