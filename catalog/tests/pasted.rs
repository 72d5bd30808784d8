//! Messages as people paste them, of many programs, each with the outcome that must be among at most four answers; and
//! prose that must not be answered.

use httpwhy_catalog::{Entry, Found, find};

/// A pasted text and the ids of which one must be in the answer.
type Pasted = (&'static str, &'static [&'static str]);

const CURL: &[Pasted] = &[
    (
        "curl: (56) Recv failure: Connection reset by peer",
        &["net/read-reset"],
    ),
    (
        "curl: (6) Could not resolve host: shop.example",
        &["net/dns-not-found"],
    ),
    (
        "curl: (7) Failed to connect to 10.0.0.1 port 8080 after 0 ms: Couldn't connect to server",
        &["net/connect-refused"],
    ),
    (
        "curl: (7) Failed to connect to shop.example port 443: Connection refused",
        &["net/connect-refused"],
    ),
    (
        "curl: (7) Failed to connect to 10.9.9.9 port 80 after 3060 ms: No route to host",
        &["net/host-unreachable"],
    ),
    (
        "curl: (28) Operation timed out after 5001 milliseconds with 0 bytes received",
        &["net/read-timeout"],
    ),
    (
        "curl: (28) Connection timed out after 10001 milliseconds",
        &["net/connect-timeout"],
    ),
    (
        "curl: (28) Failed to connect to 203.0.113.9 port 443 after 131072 ms: Connection timed out",
        &["net/connect-timeout"],
    ),
    (
        "curl: (28) Resolving timed out after 5000 milliseconds",
        &["net/dns-timeout"],
    ),
    (
        "curl: (28) SSL connection timeout",
        &["net/tls-handshake-timeout"],
    ),
    (
        "curl: (28) Operation too slow. Less than 1000 bytes/sec transferred the last 30 seconds",
        &["net/body-timeout"],
    ),
    ("curl: (52) Empty reply from server", &["net/empty-reply"]),
    (
        "curl: (18) transfer closed with 3042 bytes remaining to read",
        &["net/body-truncated"],
    ),
    (
        "curl: (18) transfer closed with outstanding read data remaining",
        &["net/chunk-incomplete"],
    ),
    (
        "curl: (35) error:0A00010B:SSL routines::wrong version number",
        &["tls/wrong-version-number"],
    ),
    (
        "curl: (35) OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to shop.example:443",
        &["tls/handshake-eof"],
    ),
    (
        "curl: (35) Recv failure: Connection reset by peer",
        &["tls/handshake-reset"],
    ),
    (
        "curl: (35) error:0A000410:SSL routines::sslv3 alert handshake failure",
        &["tls-alert/40", "tls/version-or-cipher-mismatch"],
    ),
    (
        "curl: (60) SSL certificate problem: certificate has expired",
        &["tls/cert-expired"],
    ),
    (
        "curl: (60) SSL certificate problem: self-signed certificate",
        &["tls/cert-self-signed"],
    ),
    (
        "curl: (60) SSL certificate problem: self-signed certificate in certificate chain",
        &["tls/cert-self-signed-in-chain"],
    ),
    (
        "curl: (60) SSL certificate problem: unable to get local issuer certificate",
        &["tls/cert-issuer-not-found-locally"],
    ),
    (
        "curl: (60) SSL: no alternative certificate subject name matches target host name 'shop.example'",
        &["tls/cert-name-mismatch"],
    ),
    (
        "curl: (47) Maximum (50) redirects followed",
        &["net/redirect-too-many"],
    ),
    (
        "curl: (92) HTTP/2 stream 1 was not closed cleanly: INTERNAL_ERROR (err 2)",
        &["h2/0x2"],
    ),
    (
        "curl: (92) HTTP/2 stream 0 was not closed cleanly: PROTOCOL_ERROR (err 1)",
        &["h2/0x1"],
    ),
    (
        "curl: (22) The requested URL returned error: 404",
        &["http/404"],
    ),
    (
        "curl: (22) The requested URL returned error: 503 Service Unavailable",
        &["http/503"],
    ),
    (
        "curl: (56) CONNECT tunnel failed, response 403",
        &["net/proxy-tunnel-failed"],
    ),
    (
        "curl: (3) URL using bad/illegal format or missing URL",
        &["net/invalid-url"],
    ),
    (
        "curl: (1) Received HTTP/0.9 when not allowed",
        &["net/http09-response"],
    ),
    (
        "curl: (5) Could not resolve proxy: proxy.corp.example",
        &["net/dns-proxy-not-found"],
    ),
    ("curl: (16) Error in the HTTP2 framing layer", &["h2/0x1"]),
    (
        "curl: (61) Unrecognized content encoding type. libcurl understands deflate, gzip, br content encodings.",
        &["net/content-coding-unknown"],
    ),
    (
        "wget: unable to resolve host address 'shop.example'",
        &["net/dns-not-found"],
    ),
];

const NODE: &[Pasted] = &[
    (
        "Error: getaddrinfo ENOTFOUND shop.example",
        &["net/dns-not-found"],
    ),
    (
        "Error: getaddrinfo EAI_AGAIN shop.example shop.example:443",
        &["net/dns-temporary"],
    ),
    (
        "Error: connect ECONNREFUSED 127.0.0.1:3000\n    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1555:16)",
        &["net/connect-refused"],
    ),
    (
        "Error: read ECONNRESET\n    at TLSWrap.onStreamRead (node:internal/stream_base_commons:217:20)",
        &["net/read-reset"],
    ),
    (
        "Error: connect ETIMEDOUT 203.0.113.9:443",
        &["net/connect-timeout"],
    ),
    ("Error: write EPIPE", &["net/write-broken-pipe"]),
    (
        "Error: socket hang up\n    at connResetException (node:internal/errors:705:14) { code: 'ECONNRESET' }",
        &["net/empty-reply", "net/read-reset"],
    ),
    (
        "TypeError: fetch failed { cause: ConnectTimeoutError: Connect Timeout Error (attempted address: shop.example:443, timeout: 10000ms) code: 'UND_ERR_CONNECT_TIMEOUT' }",
        &["net/connect-timeout"],
    ),
    (
        "HeadersTimeoutError: Headers Timeout Error\n  code: 'UND_ERR_HEADERS_TIMEOUT'",
        &["net/read-timeout"],
    ),
    (
        "SocketError: other side closed code: 'UND_ERR_SOCKET'",
        &["net/connection-closed", "net/empty-reply"],
    ),
    (
        "Error: unable to verify the first certificate { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }",
        &["tls/cert-leaf-unverifiable"],
    ),
    (
        "Error [ERR_TLS_CERT_ALTNAME_INVALID]: Hostname/IP does not match certificate's altnames: Host: shop.example. is not in the cert's altnames",
        &["tls/cert-name-mismatch"],
    ),
    (
        "Error: certificate has expired\n code: 'CERT_HAS_EXPIRED'",
        &["tls/cert-expired"],
    ),
    (
        "Error: self signed certificate in certificate chain code: 'SELF_SIGNED_CERT_IN_CHAIN'",
        &["tls/cert-self-signed-in-chain"],
    ),
    (
        "Error: write EPROTO 139742:error:1408F10B:SSL routines:ssl3_get_record:wrong version number:../deps/openssl/ssl/record/ssl3_record.c:332:",
        &["tls/wrong-version-number"],
    ),
    (
        "Error: Parse Error: Expected HTTP/ { code: 'HPE_INVALID_CONSTANT' }",
        &["net/status-line-invalid"],
    ),
    (
        "Parse Error: Header overflow\ncode: 'HPE_HEADER_OVERFLOW'",
        &["net/headers-too-large"],
    ),
    (
        "Parse Error: Invalid header value char HPE_INVALID_HEADER_TOKEN",
        &["net/header-token-invalid"],
    ),
    (
        "AxiosError: Request failed with status code 429",
        &["http/429"],
    ),
    (
        "AxiosError: timeout of 5000ms exceeded code: 'ECONNABORTED'",
        &[
            "net/deadline-exceeded",
            "net/connect-aborted",
            "net/read-timeout",
        ],
    ),
    ("AbortError: This operation was aborted", &["net/aborted"]),
    (
        "Client network socket disconnected before secure TLS connection was established",
        &["tls/handshake-eof"],
    ),
    ("Error: Unexpected server response: 502", &["http/502"]),
    (
        "SyntaxError: Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON",
        &["net/json-invalid"],
    ),
];

const PYTHON: &[Pasted] = &[
    (
        "requests.exceptions.ConnectionError: ('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))",
        &["net/empty-reply"],
    ),
    (
        "requests.exceptions.ConnectionError: ('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))",
        &["net/read-reset"],
    ),
    (
        "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='shop.example', port=443): Max retries exceeded with url: / (Caused by NewConnectionError('<urllib3.connection.HTTPSConnection object at 0x7f>: Failed to establish a new connection: [Errno 111] Connection refused'))",
        &["net/connect-refused"],
    ),
    (
        "urllib3.exceptions.MaxRetryError: HTTPConnectionPool(host='nope.example', port=80): Max retries exceeded with url: / (Caused by NameResolutionError(\"<urllib3.connection.HTTPConnection object at 0x7f>: Failed to resolve 'nope.example' ([Errno -2] Name or service not known)\"))",
        &["net/dns-not-found"],
    ),
    (
        "requests.exceptions.ReadTimeout: HTTPSConnectionPool(host='shop.example', port=443): Read timed out. (read timeout=5)",
        &["net/read-timeout"],
    ),
    (
        "requests.exceptions.ConnectTimeout: HTTPSConnectionPool(host='10.255.255.1', port=443): Max retries exceeded with url: / (Caused by ConnectTimeoutError(<urllib3.connection.HTTPSConnection object at 0x7f>, 'Connection to 10.255.255.1 timed out. (connect timeout=3)'))",
        &["net/connect-timeout"],
    ),
    (
        "requests.exceptions.SSLError: HTTPSConnectionPool(host='expired.example', port=443): Max retries exceeded with url: / (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1007)')))",
        &["tls/cert-expired"],
    ),
    (
        "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: Hostname mismatch, certificate is not valid for 'shop.example'. (_ssl.c:997)",
        &["tls/cert-name-mismatch"],
    ),
    (
        "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate (_ssl.c:1129)",
        &["tls/cert-issuer-not-found-locally"],
    ),
    (
        "requests.exceptions.TooManyRedirects: Exceeded 30 redirects.",
        &["net/redirect-too-many"],
    ),
    (
        "requests.exceptions.ChunkedEncodingError: ('Connection broken: IncompleteRead(512 bytes read)', IncompleteRead(512 bytes read))",
        &["net/chunk-incomplete"],
    ),
    (
        "requests.exceptions.HTTPError: 403 Client Error: Forbidden for url: https://shop.example/admin",
        &["http/403"],
    ),
    (
        "requests.exceptions.JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
        &["net/json-invalid"],
    ),
    (
        "requests.exceptions.MissingSchema: Invalid URL 'shop.example': No scheme supplied. Perhaps you meant https://shop.example?",
        &["net/invalid-url"],
    ),
    (
        "urllib.error.HTTPError: HTTP Error 404: Not Found",
        &["http/404"],
    ),
    (
        "urllib.error.URLError: <urlopen error [Errno -3] Temporary failure in name resolution>",
        &["net/dns-temporary"],
    ),
    (
        "urllib.error.URLError: <urlopen error [Errno 113] No route to host>",
        &["net/host-unreachable"],
    ),
    (
        "httpx.ConnectError: [Errno 111] Connection refused",
        &["net/connect-refused"],
    ),
    (
        "httpx.ReadTimeout: The read operation timed out",
        &["net/read-timeout"],
    ),
    (
        "httpx.RemoteProtocolError: Server disconnected without sending a response.",
        &["net/connection-closed", "net/empty-reply"],
    ),
    (
        "httpx.RemoteProtocolError: peer closed connection without sending complete message body (incomplete chunked read)",
        &["net/chunk-incomplete"],
    ),
    (
        "httpx.HTTPStatusError: Client error '401 Unauthorized' for url 'https://api.example/v1'",
        &["http/401"],
    ),
    (
        "aiohttp.client_exceptions.ClientConnectorError: Cannot connect to host shop.example:443 ssl:default [Connect call failed ('10.0.0.1', 443)]",
        &["net/connect-failed"],
    ),
    (
        "aiohttp.client_exceptions.ServerDisconnectedError: Server disconnected",
        &["net/empty-reply"],
    ),
    (
        "aiohttp.client_exceptions.ClientPayloadError: Response payload is not completed",
        &["net/body-truncated"],
    ),
    (
        "websockets.exceptions.ConnectionClosedError: received 1011 (internal error); then sent 1011 (internal error)",
        &["ws/1011"],
    ),
    (
        "BrokenPipeError: [Errno 32] Broken pipe",
        &["net/write-broken-pipe"],
    ),
    (
        "http.client.RemoteDisconnected: Remote end closed connection without response",
        &["net/empty-reply"],
    ),
    (
        "OSError: [WinError 10061] No connection could be made because the target machine actively refused it",
        &["net/connect-refused"],
    ),
];

const GO: &[Pasted] = &[
    (
        "dial tcp 10.0.0.1:443: connect: connection refused",
        &["net/connect-refused"],
    ),
    (
        "Get \"https://shop.example/\": dial tcp: lookup shop.example on 127.0.0.53:53: no such host",
        &["net/dns-not-found"],
    ),
    (
        "Get \"https://shop.example/\": dial tcp 203.0.113.9:443: i/o timeout",
        &["net/connect-timeout"],
    ),
    (
        "Get \"https://shop.example/\": net/http: TLS handshake timeout",
        &["net/tls-handshake-timeout"],
    ),
    ("Get \"https://shop.example/\": EOF", &["net/empty-reply"]),
    ("unexpected EOF", &["net/body-truncated"]),
    (
        "read tcp 10.0.0.2:51234->10.0.0.1:443: read: connection reset by peer",
        &["net/read-reset"],
    ),
    (
        "write tcp 10.0.0.2:51234->10.0.0.1:443: write: broken pipe",
        &["net/write-broken-pipe"],
    ),
    (
        "Get \"https://shop.example/\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
        &["net/read-timeout", "net/deadline-exceeded"],
    ),
    (
        "Get \"https://expired.example/\": x509: certificate has expired or is not yet valid: current time 2026-11-20T10:00:00Z is after 2015-04-12T23:59:59Z",
        &["tls/cert-expired"],
    ),
    (
        "tls: failed to verify certificate: x509: certificate signed by unknown authority",
        &["tls/cert-issuer-not-found-locally", "tls/cert-self-signed"],
    ),
    (
        "x509: certificate is valid for www.shop.example, not shop.example",
        &["tls/cert-name-mismatch"],
    ),
    (
        "x509: cannot validate certificate for 10.0.0.1 because it doesn't contain any IP SANs",
        &["tls/cert-ip-mismatch"],
    ),
    (
        "Get \"https://shop.example:8080/\": http: server gave HTTP response to HTTPS client",
        &["tls/wrong-version-number"],
    ),
    (
        "tls: first record does not look like a TLS handshake",
        &["tls/wrong-version-number"],
    ),
    (
        "remote error: tls: handshake failure",
        &["tls-alert/40", "tls/version-or-cipher-mismatch"],
    ),
    (
        "remote error: tls: bad certificate",
        &["tls/client-cert-bad", "tls-alert/42"],
    ),
    (
        "Get \"http://shop.example/\": stopped after 10 redirects",
        &["net/redirect-too-many"],
    ),
    (
        "http2: server sent GOAWAY and closed the connection; LastStreamID=1999, ErrCode=ENHANCE_YOUR_CALM, debug=\"\"",
        &["h2/0xb", "h2/goaway"],
    ),
    (
        "stream error: stream ID 5; REFUSED_STREAM; received from peer",
        &["h2/0x7"],
    ),
    (
        "Get \"ftp://shop.example/\": unsupported protocol scheme \"ftp\"",
        &["net/unsupported-scheme"],
    ),
    (
        "websocket: close 1006 (abnormal closure): unexpected EOF",
        &["ws/1006"],
    ),
    (
        "rpc error: code = DeadlineExceeded desc = context deadline exceeded",
        &["net/deadline-exceeded", "grpc/4"],
    ),
    (
        "proxyconnect tcp: dial tcp 10.1.1.1:3128: connect: connection refused",
        &["net/proxy-connect-failed", "net/connect-refused"],
    ),
];

const JAVA_AND_NET: &[Pasted] = &[
    (
        "java.net.SocketTimeoutException: Read timed out",
        &["net/read-timeout"],
    ),
    (
        "java.net.SocketTimeoutException: connect timed out",
        &["net/connect-timeout"],
    ),
    (
        "java.net.ConnectException: Connection refused (Connection refused)\n\tat java.net.PlainSocketImpl.socketConnect(Native Method)",
        &["net/connect-refused"],
    ),
    (
        "java.net.UnknownHostException: shop.example: Name or service not known",
        &["net/dns-not-found"],
    ),
    (
        "java.net.SocketException: Connection reset\n\tat java.base/sun.nio.ch.NioSocketImpl.implRead(NioSocketImpl.java:328)",
        &["net/read-reset"],
    ),
    (
        "java.net.SocketException: Broken pipe (Write failed)",
        &["net/write-broken-pipe"],
    ),
    (
        "javax.net.ssl.SSLHandshakeException: PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid certification path to requested target",
        &["tls/cert-issuer-not-found-locally"],
    ),
    (
        "javax.net.ssl.SSLHandshakeException: Received fatal alert: handshake_failure",
        &["tls/version-or-cipher-mismatch", "tls-alert/40"],
    ),
    (
        "javax.net.ssl.SSLHandshakeException: No subject alternative names matching IP address 10.0.0.1 found",
        &["tls/cert-name-mismatch"],
    ),
    (
        "javax.net.ssl.SSLException: Unsupported or unrecognized SSL message",
        &["tls/wrong-version-number"],
    ),
    (
        "org.apache.http.NoHttpResponseException: shop.example:443 failed to respond",
        &["net/empty-reply"],
    ),
    (
        "org.apache.http.conn.ConnectionPoolTimeoutException: Timeout waiting for connection from pool",
        &["net/pool-timeout"],
    ),
    (
        "java.io.IOException: Server returned HTTP response code: 503 for URL: http://shop.example/",
        &["http/503"],
    ),
    (
        "java.io.EOFException: Premature end of Content-Length delimited message body (expected: 1,024; received: 512)",
        &["net/body-truncated"],
    ),
    (
        "java.net.http.HttpTimeoutException: request timed out",
        &["net/read-timeout"],
    ),
    (
        "org.springframework.web.client.HttpClientErrorException$NotFound: 404 Not Found: [no body]",
        &["http/404"],
    ),
    (
        "System.Net.Http.HttpRequestException: Response status code does not indicate success: 404 (Not Found).",
        &["http/404"],
    ),
    (
        "System.Net.Http.HttpRequestException: Connection refused (localhost:5000)\n ---> System.Net.Sockets.SocketException (111): Connection refused",
        &["net/connect-refused"],
    ),
    (
        "System.Net.Http.HttpRequestException: No such host is known. (shop.example:443)",
        &["net/dns-not-found"],
    ),
    (
        "System.Threading.Tasks.TaskCanceledException: The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing.",
        &["net/deadline-exceeded"],
    ),
    (
        "System.Net.Http.HttpRequestException: The SSL connection could not be established, see inner exception. ---> System.Security.Authentication.AuthenticationException: The remote certificate is invalid according to the validation procedure: RemoteCertificateNameMismatch",
        &["tls/cert-name-mismatch"],
    ),
    (
        "System.Net.WebException: The remote server returned an error: (500) Internal Server Error.",
        &["http/500"],
    ),
    (
        "System.Net.Sockets.SocketException (10054): An existing connection was forcibly closed by the remote host.",
        &["net/read-reset"],
    ),
    (
        "System.IO.IOException: Unable to read data from the transport connection: Connection reset by peer.",
        &["net/read-reset"],
    ),
];

const RUST_RUBY_PHP: &[Pasted] = &[
    (
        "reqwest::Error { kind: Request, url: \"https://shop.example/\", source: hyper_util::client::legacy::Error(Connect, ConnectError(\"tcp connect error\", Os { code: 111, kind: ConnectionRefused, message: \"Connection refused\" })) }",
        &["net/connect-refused"],
    ),
    (
        "error sending request for url (https://nope.example/): client error (Connect): dns error: failed to lookup address information: Name or service not known",
        &["net/dns-not-found"],
    ),
    (
        "error sending request for url (https://shop.example/): connection closed before message completed",
        &["net/empty-reply"],
    ),
    (
        "invalid peer certificate: UnknownIssuer",
        &["tls/cert-self-signed", "tls/cert-issuer-not-found-locally"],
    ),
    ("invalid peer certificate: Expired", &["tls/cert-expired"]),
    (
        "invalid peer certificate: certificate not valid for name \"shop.example\"",
        &["tls/cert-name-mismatch"],
    ),
    (
        "received fatal alert: HandshakeFailure",
        &["tls-alert/40", "tls/version-or-cipher-mismatch"],
    ),
    (
        "received corrupt message of type InvalidContentType",
        &["tls/wrong-version-number"],
    ),
    (
        "HTTP status client error (422 Unprocessable Entity) for url (https://api.example/orders)",
        &["http/422"],
    ),
    (
        "Errno::ECONNREFUSED: Failed to open TCP connection to localhost:3000 (Connection refused - connect(2) for \"localhost\" port 3000)",
        &["net/connect-refused"],
    ),
    (
        "Net::ReadTimeout with #<TCPSocket:(closed)>",
        &["net/read-timeout"],
    ),
    (
        "Net::OpenTimeout: execution expired",
        &["net/connect-timeout"],
    ),
    (
        "SocketError: Failed to open TCP connection to nope.example:80 (getaddrinfo: Name or service not known)",
        &["net/dns-not-found"],
    ),
    (
        "OpenSSL::SSL::SSLError: SSL_connect returned=1 errno=0 state=error: certificate verify failed (certificate has expired)",
        &["tls/cert-expired"],
    ),
    ("EOFError: end of file reached", &["net/empty-reply"]),
    (
        "PHP Warning:  file_get_contents(): php_network_getaddresses: getaddrinfo failed: Name or service not known",
        &["net/dns-not-found"],
    ),
    (
        "file_get_contents(http://shop.example/): failed to open stream: HTTP request failed! HTTP/1.1 401 Unauthorized",
        &["http/401"],
    ),
    (
        "GuzzleHttp\\Exception\\ConnectException: cURL error 28: Connection timed out after 10000 milliseconds (see https://curl.haxx.se/libcurl/c/libcurl-errors.html)",
        &["net/connect-timeout"],
    ),
    (
        "cURL error 60: SSL certificate problem: unable to get local issuer certificate",
        &["tls/cert-issuer-not-found-locally"],
    ),
];

const BROWSERS: &[Pasted] = &[
    ("net::ERR_CERT_DATE_INVALID", &["tls/cert-expired"]),
    (
        "GET https://shop.example/ net::ERR_NAME_NOT_RESOLVED",
        &["net/dns-not-found"],
    ),
    (
        "This site can't be reached. shop.example refused to connect. ERR_CONNECTION_REFUSED",
        &["net/connect-refused"],
    ),
    (
        "shop.example took too long to respond. ERR_CONNECTION_TIMED_OUT",
        &["net/connect-timeout"],
    ),
    (
        "Your connection is not private. NET::ERR_CERT_AUTHORITY_INVALID",
        &["tls/cert-self-signed", "tls/cert-issuer-not-found-locally"],
    ),
    (
        "shop.example redirected you too many times. ERR_TOO_MANY_REDIRECTS",
        &["net/redirect-loop", "net/redirect-too-many"],
    ),
    (
        "Failed to load resource: net::ERR_HTTP2_PROTOCOL_ERROR",
        &["h2/malformed-message", "h2/0x1"],
    ),
    (
        "Failed to load resource: the server responded with a status of 404 (Not Found)",
        &["http/404"],
    ),
    (
        "POST https://api.example/login 401 (Unauthorized)",
        &["http/401"],
    ),
    ("DNS_PROBE_FINISHED_NXDOMAIN", &["net/dns-not-found"]),
    (
        "Error code: SEC_ERROR_UNKNOWN_ISSUER",
        &[
            "tls/cert-issuer-not-found-locally",
            "tls/cert-self-signed-in-chain",
        ],
    ),
    (
        "Error code: SSL_ERROR_RX_RECORD_TOO_LONG",
        &["tls/wrong-version-number"],
    ),
    (
        "Secure Connection Failed PR_END_OF_FILE_ERROR",
        &["tls/handshake-eof"],
    ),
    (
        "Access to fetch at 'https://api.example/' from origin 'https://shop.example' has been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource.",
        &["net/cors-blocked"],
    ),
    (
        "Uncaught (in promise) TypeError: Failed to fetch",
        &["net/cors-blocked"],
    ),
    (
        "WebSocket connection to 'wss://shop.example/ws' failed: Error during WebSocket handshake: Unexpected response code: 403",
        &["http/403", "ws/handshake-not-101"],
    ),
    ("Error 1020 Access denied", &["cloudflare/1020"]),
    ("Error 522: Connection timed out", &["cloudflare/522"]),
    ("HTTP ERROR 431", &["http/431"]),
    (
        "CloseEvent {code: 1006, reason: '', wasClean: false}",
        &["ws/1006"],
    ),
];

const OPENSSL: &[Pasted] = &[
    (
        "error:0A00010B:SSL routines::wrong version number",
        &["tls/wrong-version-number"],
    ),
    (
        "140242:error:14094410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure:ssl/record/rec_layer_s3.c:1544:SSL alert number 40",
        &["tls-alert/40"],
    ),
    (
        "verify error:num=10:certificate has expired",
        &["tls/cert-expired"],
    ),
    (
        "verify error:num=18:self-signed certificate",
        &["tls/cert-self-signed"],
    ),
    (
        "verify error:num=20:unable to get local issuer certificate",
        &["tls/cert-issuer-not-found-locally"],
    ),
    (
        "error:0A000126:SSL routines::unexpected eof while reading",
        &["tls/handshake-eof", "tls/truncated-close"],
    ),
    (
        "error:0A00018A:SSL routines::dh key too small",
        &["tls/weak-dh-key"],
    ),
    (
        "error:0A000152:SSL routines::unsafe legacy renegotiation disabled",
        &["tls/renegotiation-refused"],
    ),
    (
        "tlsv1 alert protocol version:SSL alert number 70",
        &["tls-alert/70"],
    ),
    ("X509_V_ERR_CERT_HAS_EXPIRED", &["tls/cert-expired"]),
];

const SERVER_LOGS: &[Pasted] = &[
    (
        "2026/11/20 20:45:22 [error] 1234#1234: *5 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.9, server: shop.example, request: \"GET /cart HTTP/1.1\", upstream: \"http://127.0.0.1:8080/cart\", host: \"shop.example\"",
        &["net/connect-refused"],
    ),
    (
        "[error] 7#7: *1 upstream timed out (110: Connection timed out) while reading response header from upstream",
        &["http/504", "net/read-timeout"],
    ),
    (
        "[error] 7#7: *1 upstream timed out (110: Connection timed out) while connecting to upstream",
        &["http/504", "net/connect-timeout"],
    ),
    (
        "[error] 7#7: *1 upstream prematurely closed connection while reading response header from upstream",
        &["http/502", "net/empty-reply"],
    ),
    (
        "[error] 7#7: *1 upstream sent too big header while reading response header from upstream",
        &["net/headers-too-large"],
    ),
    (
        "[error] 7#7: *1 no live upstreams while connecting to upstream",
        &["http/502"],
    ),
    (
        "[error] 7#7: *1 client intended to send too large body: 10485761 bytes",
        &["http/413"],
    ),
    (
        "[crit] 7#7: *1 SSL_do_handshake() failed (SSL: error:0A00006C:SSL routines::bad key share) while SSL handshaking",
        &["tls/protocol-error"],
    ),
    (
        "[emerg] socket() failed (24: Too many open files)",
        &["net/fd-exhausted"],
    ),
    (
        "10.0.0.9 - - [20/Nov/2026:20:45:22 +0000] \"GET /cart HTTP/1.1\" 499 0 \"-\" \"curl/8.5.0\"",
        &["nginx/499"],
    ),
    (
        "10.0.0.9 - - [20/Nov/2026:20:45:22 +0000] \"GET /cart HTTP/1.1\" 502 157",
        &["http/502"],
    ),
    (
        "[proxy:error] [pid 12] (111)Connection refused: AH00957: http: attempt to connect to 127.0.0.1:8080 (localhost) failed",
        &["net/connect-refused"],
    ),
    (
        "[proxy_http:error] (20014)Internal error: AH01102: error reading status line from remote server 127.0.0.1:8080",
        &["net/empty-reply", "net/status-line-invalid", "http/502"],
    ),
    (
        "AH00898: Error reading from remote server returned by /cart",
        &["http/502"],
    ),
    (
        "AH00126: Invalid URI in request GET HTTP/1.1",
        &["http/400"],
    ),
    (
        "at=error code=H12 desc=\"Request timeout\" method=GET path=\"/\" host=shop.example dyno=web.1 status=503",
        &["heroku/H12"],
    ),
    (
        "upstream connect error or disconnect/reset before headers. reset reason: connection failure",
        &["envoy/UF", "http/503"],
    ),
    ("upstream request timeout", &["envoy/UT", "http/504"]),
    ("no healthy upstream", &["envoy/UH", "http/503"]),
    (
        "Server app/web1 is DOWN, reason: Layer4 connection problem, info: \"Connection refused\"",
        &["net/connect-refused"],
    ),
];

const STATUS_LINES: &[Pasted] = &[
    ("HTTP/1.1 502 Bad Gateway", &["http/502"]),
    ("HTTP/2 503", &["http/503"]),
    ("HTTP/1.1 404", &["http/404"]),
    ("status code 404", &["http/404"]),
    ("Status: 410 Gone", &["http/410"]),
    ("The server answered with HTTP 418", &["http/418"]),
    ("statusCode=500, body=...", &["http/500"]),
    ("{\"message\":\"Forbidden\"}", &["http/403"]),
    (
        "{\"error\":{\"code\":429,\"message\":\"Too Many Requests\"}}",
        &["http/429"],
    ),
    (
        "<html><head><title>413 Request Entity Too Large</title></head>",
        &["http/413"],
    ),
    ("error 524", &["cloudflare/524"]),
    ("I got a 504 Gateway Time-out from the shop", &["http/504"]),
    ("errno:ECONNRESET", &["net/read-reset"]),
    ("tls-alert:40", &["tls-alert/40"]),
    (
        "cert:expired not-after=2025-01-31T00:00:00Z",
        &["tls/cert-expired"],
    ),
    ("see nginx/499 in the list", &["nginx/499"]),
];

const ALL: &[&[Pasted]] = &[
    CURL,
    NODE,
    PYTHON,
    GO,
    JAVA_AND_NET,
    RUST_RUBY_PHP,
    BROWSERS,
    OPENSSL,
    SERVER_LOGS,
    STATUS_LINES,
];

/// Longest list of candidates that still helps.
const MOST: usize = 4;

fn answer(question: &str) -> Vec<&'static Entry> {
    match find(question) {
        Found::One(entry) => vec![entry],
        Found::Several(entries) => entries,
        Found::Class(..) | Found::Misspelt(..) | Found::Nothing(_) => Vec::new(),
    }
}

fn failures(respell: impl Fn(&str) -> String) -> Vec<String> {
    ALL.iter()
        .flat_map(|table| table.iter())
        .filter_map(|(text, wanted)| {
            let found = answer(&respell(text));
            let is_right =
                found.len() <= MOST && found.iter().any(|entry| wanted.contains(&entry.id.0));
            let ids: Vec<&str> = found.iter().map(|entry| entry.id.0).collect();
            (!is_right).then(|| format!("{text}\n    {wanted:?} wanted, {ids:?} found"))
        })
        .collect()
}

#[test]
fn pasted_messages_are_understood() {
    assert!(ALL.iter().map(|table| table.len()).sum::<usize>() >= 80);
    let failures = failures(str::to_owned);
    assert!(
        failures.is_empty(),
        "{}:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn text_around_a_message_changes_nothing() {
    let failures = failures(|text| {
        format!("Nov 20 20:45:22 web1 worker[812]: job 17 gave up, last words were: {text}")
    });
    assert!(
        failures.is_empty(),
        "{}:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn lower_case_is_understood_where_words_are_no_prose() {
    for (text, wanted) in [
        (
            "error: getaddrinfo enotfound shop.example",
            "net/dns-not-found",
        ),
        ("net::err_cert_date_invalid", "tls/cert-expired"),
        (
            "java.net.sockettimeoutexception: read timed out",
            "net/read-timeout",
        ),
        ("http/1.1 502 bad gateway", "http/502"),
        (
            "CURL: (56) RECV FAILURE: CONNECTION RESET BY PEER",
            "net/read-reset",
        ),
    ] {
        let found = answer(text);
        assert!(
            found.iter().any(|entry| entry.id.0 == wanted),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn prose_is_not_answered() {
    for text in [
        "connection",
        "the connection",
        "why does my site not work",
        "it worked yesterday and today it does not",
        "I found the page and continue to read, OK",
        "the file was not found in the folder",
        "please cancel my order",
        "we accepted 200 orders and created 404 invoices",
        "error",
        "timeout of the year",
        "exception to the rule",
        "",
        "   ",
        "line 404, column 500",
        "port 443 on 10.0.0.1:8080",
    ] {
        let found = answer(text);
        let ids: Vec<&str> = found.iter().map(|entry| entry.id.0).collect();
        assert!(ids.is_empty(), "'{text}' is answered with {ids:?}");
    }
}

#[test]
fn an_unregistered_status_inside_a_text_gets_its_class() {
    for text in [
        "477",
        "HTTP 477",
        "HTTP/1.1 477 Nobody Knows",
        "status code 477",
    ] {
        assert!(
            matches!(find(text), Found::Class(477, entry) if entry.id.0 == "http/4xx"),
            "{text}: {:?}",
            find(text)
        );
    }
}

#[test]
fn typing_errors_are_forgiven() {
    for (question, wanted) in [
        ("ECONREFUSED", "net/connect-refused"),
        ("ECONNRFEUSED", "net/connect-refused"),
        ("ERR_CERT_DATE_INVALD", "tls/cert-expired"),
        ("certifcate expird", "tls/cert-expired"),
        ("RemoteDisconected", "net/empty-reply"),
        ("Gatway Timeout", "http/504"),
        ("Unauthorised", "http/401"),
    ] {
        let Found::Misspelt(_, entries) = find(question) else {
            panic!("{question}: {:?}", find(question));
        };
        assert!(
            entries.iter().any(|entry| entry.id.0 == wanted),
            "{question}"
        );
    }
    // Numbers are never guessed.
    assert!(!matches!(find("4004"), Found::Misspelt(..)));
}

#[test]
fn hostile_texts_are_bounded() {
    let long = "connection ".repeat(10_000);
    assert!(matches!(find(&long), Found::Nothing(_)));
    for text in [
        "\u{0}\u{1}\u{fffd}",
        "''''''",
        "((((",
        "-",
        "- - -",
        "\u{301}\u{301}",
        "%s%n%x",
    ] {
        assert!(!matches!(find(text), Found::One(_)), "{text:?}");
    }
}
