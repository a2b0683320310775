#!/usr/bin/python3
"""Prints numbers.jsonl: numbers of all BSON types with their rank, by exact
rational arithmetic. Equal numbers have one rank. Run it to make the file anew:
tests/vectors/gen_numbers.py > tests/vectors/numbers.jsonl"""
import math
import random
from decimal import Context, Decimal
from fractions import Fraction

random.seed(4)
exact = Context(prec=34, Emin=-6143, Emax=6144, clamp=1)
items = []  # (key, JSON of the value)


def double(x):
    if math.isnan(x):
        key, text = (0, 0), "NaN"
    elif math.isinf(x):
        key, text = (3 if x > 0 else 1, 0), "Infinity" if x > 0 else "-Infinity"
    else:
        key, text = (2, Fraction(x)), repr(x)
    items.append((key, '{"$numberDouble":"%s"}' % text))


def decimal(text):
    d = Decimal(text)
    if d.is_nan():
        key = (0, 0)
    elif d.is_infinite():
        key = (3 if d > 0 else 1, 0)
    else:
        key = (2, Fraction(d))
    items.append((key, '{"$numberDecimal":"%s"}' % text))


def integer(i):
    if -2**31 <= i < 2**31:
        items.append(((2, Fraction(i)), '{"$numberInt":"%d"}' % i))
    if -2**63 <= i < 2**63:
        items.append(((2, Fraction(i)), '{"$numberLong":"%d"}' % i))


for base in (0, 1, 5, 10, 1000, 2**24, 2**31, 2**32, 2**53, 2**54, 2**62,
             2**63, 10**15, 10**18):
    for near in (-2, -1, 0, 1, 2, 1024):
        for sign in (1, -1):
            i = sign * (base + near)
            integer(i)
            double(float(i))
            decimal(str(i))
for x in (0.1, 0.5, 1.5, 0.3, 1 / 3, 1e-300, 5e-324, 1e-323,
          2.2250738585072014e-308, 2.225073858507201e-308,
          1.7976931348623157e308, 1e22, 1e23, 9007199254740993.0, 1e-7, 0.0,
          123456.789, math.pi):
    for y in (x, -x, math.nextafter(x, 9e999) if hasattr(math, "nextafter")
              else x * (1 + 2**-52)):
        double(y)
        if math.isinf(y):
            continue
        whole = Decimal(y)
        decimal(str(exact.plus(whole)))  # rounded to 34 digits
        decimal(repr(y).upper())         # shortest
        if exact.plus(whole) == whole:
            continue
        decimal(str(exact.next_plus(whole)))
        decimal(str(exact.next_minus(whole)))
for text in ("NaN", "-NaN", "Infinity", "-Infinity", "-0", "0", "0E+6111",
             "0E-6176", "-0E-100", "1E-6176", "9E-6176", "1E-6143", "1E+6111",
             "9.999999999999999999999999999999999E+6144",
             "-9.999999999999999999999999999999999E+6144", "1.0", "1.00",
             "0.10", "1E+3", "1000", "1.000E+3", "9223372036854775807",
             "9223372036854775807.5", "9223372036854775808",
             "-9223372036854775808", "-9223372036854775808.5",
             "9.223372036854775808E+18", "1.8E+308", "5E-324",
             "4.940656458412465441765687928682213E-324",
             "4.940656458412465441765687928682214E-324",
             "1.797693134862315708145274237317043E+308",
             "1.797693134862315708145274237317044E+308",
             "1234567890123456789012345678901234E-40"):
    decimal(text)
for x in (math.nan, math.inf, -math.inf, -0.0):
    double(x)
for _ in range(60):
    x = random.choice((-1, 1)) * random.random() * 10.0**random.randint(-20, 20)
    double(x)
    decimal(repr(x).upper())
    integer(int(x))
    decimal("%d" % int(x))

items = list(dict.fromkeys(items))
ranks = {key: n for n, key in enumerate(sorted({k for k, _ in items}))}
for key, text in items:
    print('{"rank":%d,"v":%s}' % (ranks[key], text))
