#!/usr/bin/env python3
"""What each tool says of fourteen broken targets: curl, node, hey, ffuf, oha and lychee as installed, and httpwhy.

    benches/faults.py [HTTPWHY]      the binary; target/release/httpwhy when none is given

The targets are raw sockets of this script, not httpwhy's own simulator. Prints a Markdown table. Ends with 1 when
httpwhy names a fault otherwise than by its own outcome, with 2 when something is missing.
"""

import json
import os
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

WAIT = 2  # seconds after which a tool gives up


def listener():
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", 0))
    return server


def serve(answer, wrap=None):
    """A port on which every connection is handed to `answer`; gives its number."""
    server = listener()
    server.listen(64)

    def run():
        while True:
            connection, _ = server.accept()
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    def one(connection):
        try:
            if wrap:
                connection = wrap(connection)
            answer(connection)
        except OSError:
            pass

    threading.Thread(target=run, daemon=True).start()
    return server.getsockname()[1]


def says(*parts, reads=True, pause=0.0):
    """Reads a request, says the bytes, closes in order."""

    def answer(connection):
        if reads:
            connection.recv(65536)
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(WAIT)
        while connection.recv(65536):
            pass
        connection.close()

    return answer


def resets(connection):
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def hangs(connection):
    connection.recv(65536)
    time.sleep(WAIT * 3)


def self_signed(folder):
    key, certificate = folder + "/key.pem", folder + "/cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate]
        + ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "30"],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return lambda connection: context.wrap_socket(connection, server_side=True)


def no_such_name():
    """A name server that says NXDOMAIN to everything; gives its address."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def run():
        while True:
            query, client = server.recvfrom(4096)
            end = query.index(b"\0", 12) + 5
            server.sendto(query[:2] + b"\x81\x83\0\x01\0\0\0\0\0\0" + query[12:end], client)

    threading.Thread(target=run, daemon=True).start()
    return "127.0.0.1:%d" % server.getsockname()[1]


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n%s\r\nok"


def faults(folder):
    """Name, URL, the outcomes that are right, and the status that must be told beside it."""
    http = lambda port: "http://127.0.0.1:%d/" % port
    closed = listener()
    loop = serve(says(b"HTTP/1.1 302 Found\r\nLocation: /\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"))
    secure = serve(says(OK % b""), wrap=self_signed(folder))
    faults.keep = closed
    return [
        ("connection refused", http(closed.getsockname()[1]), ["net/connect-refused"], None),
        ("reset after the request", http(serve(resets)), ["net/read-reset"], None),
        ("closed without a byte", http(serve(says())), ["net/empty-reply"], None),
        ("closed right after accept", http(serve(lambda c: c.close())),
         ["net/empty-reply", "net/read-reset", "net/write-reset"], None),
        ("an SMTP banner", http(serve(says(b"220 smtp.example ESMTP\r\n", reads=False))),
         ["net/http09-response", "net/status-line-invalid"], None),
        ("a space in a field's name", http(serve(says(OK % b"Bad Name: x\r\n"))), ["net/header-token-invalid"], 200),
        ("content shorter than its length",
         http(serve(says(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes."))), ["net/body-truncated"], 200),
        ("a bad chunk size",
         http(serve(says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n0\r\n\r\n"))),
         ["net/chunk-invalid"], 200),
        ("no answer", http(serve(hangs)), ["net/read-timeout"], None),
        ("a self-signed certificate", "https://127.0.0.1:%d/" % secure, ["tls/cert-self-signed"], 200),
        ("https to a plain port", "https://127.0.0.1:%d/" % loop,
         ["tls/wrong-version-number"], None),
        ("a redirect to itself", http(loop), ["net/redirect-loop"], 302),
        ("a head of 300 kB", http(serve(says(OK % (b"X-Long: " + b"x" * 300_000 + b"\r\n")))),
         ["net/headers-too-large"], None),
        ("a name that does not exist", "http://nosuch.invalid/", ["net/dns-not-found"], None),
    ]


def run(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT * 6, errors="replace")
        return done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired:
        return "still running", "", ""


def last(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def curl(url):
    code, out, _ = run(["curl", "-sL", "--max-time", str(WAIT), "--max-redirs", "10", "-o", "/dev/null",
                        "-w", "%{http_code}", url])
    return "%s, %s" % (code, out) if code else out


def node(url):
    script = (
        "const get = require(process.argv[1].split(':')[0]).get(process.argv[1], r => {"
        "r.on('error', e => console.log(r.statusCode + ' ' + e.code)); r.resume();"
        "r.on('end', () => console.log(r.statusCode))});"
        "get.setTimeout(%d, () => {console.log('own timeout'); get.destroy()});"
        "get.on('error', e => console.log(e.code || e.message))" % (WAIT * 1000)
    )
    return last(run(["node", "-e", script, url])[1])


def hey(url):
    _, out, _ = run(["hey", "-n", "1", "-c", "1", "-t", str(WAIT), url])
    told = [line.strip() for line in out.splitlines() if line.strip().startswith("[")]
    return told[0] if told else "nothing"


def ffuf(url):
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as words:
        words.write(url + "\n")
        words.flush()
        _, out, err = run(["ffuf", "-s", "-mc", "all", "-timeout", str(WAIT), "-w", words.name, "-u", "FUZZ"])
    return "accepted" if url in out else "nothing"


def oha(url):
    _, out, _ = run(["oha", "--no-tui", "-n", "1", "-c", "1", "-t", "%ds" % WAIT, "--insecure", url])
    told = [line.strip() for line in out.splitlines() if line.strip().startswith("[")]
    return told[-1] if told else "nothing"


def lychee(url):
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as page:
        page.write(url + "\n")
        page.flush()
        _, out, _ = run(["lychee", "--no-progress", "--format", "json", "--timeout", str(WAIT), "--max-retries", "0",
                         page.name])
    try:
        told = json.loads(out)
    except ValueError:
        return last(out)
    for kind in ("error_map", "fail_map", "timeout_map", "redirect_map", "excluded_map", "success_map"):
        for found in told.get(kind, {}).values():
            for one in found:
                status = one.get("status", {})
                return "%s: %s" % (kind[:-4], status.get("details") or status.get("text"))
    return "success" if told.get("successful") else "nothing"


def httpwhy(binary, resolver):
    def ask(url):
        _, out, _ = run([binary, "probe", url, "--json", "--timeout", str(WAIT), "--resolver", resolver])
        told = json.loads(out.strip().splitlines()[-1])
        return told["outcome"], told["status"]

    return ask


def main():
    binary = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "../target/release/httpwhy")
    missing = [name for name in ("openssl", "curl") if not shutil.which(name)]
    if missing or not os.access(binary, os.X_OK):
        print("faults.py: missing: %s" % (", ".join(missing) or binary), file=sys.stderr)
        return 2
    peers = [(tool.__name__, tool) for tool in (curl, node, hey, ffuf, oha, lychee) if shutil.which(tool.__name__)]
    ask = httpwhy(binary, no_such_name())
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        print("| fault | %s | httpwhy |" % " | ".join(name for name, _ in peers))
        print("|---|%s---|" % ("---|" * len(peers)))
        for name, url, right, status in faults(folder):
            outcome, told = ask(url)
            said = [tool(url).replace(url, "URL").replace("|", "/").replace("\t", " ")[:90] for _, tool in peers]
            mark = ""
            if outcome not in right or (status and told != status):
                wrong += 1
                mark = " **wrong: %s%s**" % (" or ".join(right), " with %d" % status if status else "")
            beside = " (status %d)" % told if told else ""
            print("| %s | %s | `%s`%s%s |" % (name, " | ".join(said), outcome, beside, mark), flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
