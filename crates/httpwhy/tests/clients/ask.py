"""Asks every job of a file with Python requests and prints one JSON line each: {"id": …, "said": …}.

    python3 ask.py JOBS CA

What is said: the status, the exception of requests with its innermost cause, or both when an answer began and did not
end well.
"""

import concurrent.futures
import errno
import http.client
import json
import socket
import ssl
import sys
import warnings

import requests

# How many jobs are under way at a time.
TOGETHER = 8

resolve = socket.getaddrinfo


def local(host, *more, **named):
    """Every name under .test is the simulator's."""
    name = host.decode() if isinstance(host, bytes) else host
    return resolve("127.0.0.1" if name and name.endswith(".test") else host, *more, **named)


socket.getaddrinfo = local
warnings.simplefilter("ignore")


def ask(job, ca):
    session = requests.Session()
    # Nothing of the machine's own settings: proxies, .netrc.
    session.trust_env = False
    body = open(job["body"], "rb").read() if job["body"] else None
    proxies = {"http": job["proxy"], "https": job["proxy"]} if job["proxy"] else {}
    status = None
    try:
        with session.request(
            job["method"],
            job["url"],
            headers=dict(job["fields"]),
            data=body,
            proxies=proxies,
            verify=ca,
            allow_redirects=job["follow"],
            stream=True,
            timeout=job["patience"],
        ) as answer:
            status = answer.status_code
            answer.content
            return str(status)
    except Exception as error:
        said = named(error)
        return said if status is None else f"{status}, then {said}"


def named(error):
    """The class that a program catches, and what lies under it."""
    outer = type(error).__name__
    inner = innermost(error)
    return outer if inner is error else f"{outer}: {name_of(inner)}"


def innermost(error):
    """What lies under an exception: its reason, the exception among its arguments, its cause."""
    while True:
        candidates = [getattr(error, "reason", None), *error.args, error.__cause__, error.__context__]
        under = [each for each in candidates if isinstance(each, BaseException)]
        if not under or isinstance(error, (OSError, http.client.HTTPException)) and not isinstance(
            error, requests.RequestException
        ):
            return error
        error = under[0]


def name_of(error):
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError):
        return error.reason or type(error).__name__
    if isinstance(error, OSError) and error.errno:
        return errno.errorcode.get(error.errno, str(error.errno))
    return type(error).__name__


def main(file, ca):
    jobs = json.load(open(file))
    with concurrent.futures.ThreadPoolExecutor(TOGETHER) as threads:
        asked = {threads.submit(ask, job, ca): job["id"] for job in jobs}
        for done in concurrent.futures.as_completed(asked):
            print(json.dumps({"id": asked[done], "said": done.result()}), flush=True)


main(*sys.argv[1:])
