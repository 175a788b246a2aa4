#!/usr/bin/env bash
# shellcheck disable=SC2317,SC2034
# Debian's curl at work under config/whitelists/curl.ini.
. "$(dirname "$0")/../helpers/wl.sh"
. "$(dirname "$0")/../helpers/wl_inside.sh"

# A server: files, with TLS and without, and something to send to.
port=$(free_port)
tls=$(free_port)
mkdir "$TMP/html"
cd "$TMP" || exit
echo portcullis >html/index.html
head -c 3000000 /dev/zero >html/large
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem \
    -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
cat >nginx.conf <<END
daemon off; master_process off; pid $TMP/nginx.pid; error_log $TMP/nginx.log;
events { }
http {
    access_log off; client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f;
    uwsgi_temp_path u; scgi_temp_path s; gzip on; gzip_types text/plain; gzip_min_length 1;
    client_max_body_size 9m;
    server {
        listen 127.0.0.1:$port; listen unix:$TMP/socket; root $TMP/html; location = /moved { return 302 /; }
        location /sent { proxy_pass http://unix:$TMP/echo:/; }
    }
    server { listen 127.0.0.1:$tls ssl http2; root $TMP/html;
        ssl_certificate cert.pem; ssl_certificate_key key.pem; }
    server { listen unix:$TMP/echo; location / { return 200 "\$request_method \$content_length\n"; } }
}
END
start /usr/sbin/nginx -p "$TMP/" -c "$TMP/nginx.conf"
wait_for 10 listening "$port"

url=http://127.0.0.1:$port
shipped curl

fetch()
{
    curl -sS "$url/"
    curl -sS -o got "$url/large" && cmp got html/large
    curl -sS "http://localhost:$port/"
    curl -sS --unix-socket socket http://x/
    curl -sS "file://$TMP/html/index.html"
    curl -sSI "$url/" | head -n 1
    curl -sS --compressed -R -O --create-dirs --output-dir made/here "$url/index.html"
    cat made/here/index.html
    curl -sS -L -c jar -b jar "$url/moved"
    curl -sS -C 1000 -o got "$url/large"
    curl -sS -Z "$url/" "$url/large" "$url/large" -o 1 -o 2 -o 3 2>/dev/null && cmp 2 3
    curl -sS --interface lo --local-port 32000-33000 --limit-rate 90M --retry 1 -w '%{size_download}\n' \
        -o got "$url/large"
    curl -# -o got "$url/large" 2>&1 | grep -q '100.0%' && echo "a progress bar"
}

secure()
{
    curl -sS --http1.1 --cacert cert.pem "https://localhost:$tls/"
    curl -sS --http2 --cacert cert.pem -w '%{http_version}\n' "https://localhost:$tls/"
    curl -sS --capath . -k "https://127.0.0.1:$tls/"
    curl -sS "https://localhost:$tls/" || echo "status $?"
}

send()
{
    curl -sS -d a=b "$url/sent"
    curl -sS -T html/large "$url/sent"
    head -c 5000 html/large | curl -sS -H Expect: -T - "$url/sent"
    curl -sS -F file=@html/index.html "$url/sent" | sed 's/[0-9]/9/g'
}

# The message says how long it took.
nobody_there()
{
    curl -sS "$1" 2>"$TMP/told" || echo "status $?"
    sed 's/after [0-9]* ms/after N ms/' "$TMP/told"
}

go_wrong()
{
    curl -fsS "$url/none" || echo "status $?"
    nobody_there "http://127.0.0.1:1/"
    curl -sS -m 10 "http://none.invalid/" || echo "status $?"
    curl -sS -o /nonexistent/x "$url/" || echo "status $?"
    nobody_there "ftp://127.0.0.1:1/"
    curl -sS nonsense://x || echo "status $?"
    curl --version | head -n 1
}

BEFORE=clear_away
clear_away()
{
    rm -rf got made jar 1 2 3
}

same "fetching to stdout and files" fetch
same "TLS" secure
same "sending" send
same "what fails" go_wrong

# It needs TCP. What it does not need:
intruded curl "${INSIDE_REFUSED/tcp=EPERM/tcp=done}" curl -sS "$url/"
finish
