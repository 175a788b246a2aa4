#!/usr/bin/env bash
# shellcheck disable=SC2317
# Debian's dnsmasq at work under config/whitelists/dnsmasq.ini: DNS and TFTP on loopback.
. "$(dirname "$0")/../helpers/wl.sh"

shipped dnsmasq
PATH=$PATH:/usr/sbin
chmod 755 "$TMP"
port=$(free_port)
behind=$(free_port)
user=(--user=)
((EUID != 0)) || user=(--user=dnsmasq --group=nogroup)
mkdir "$TMP/hosts.d" "$TMP/tftp" "$TMP/leases"
chmod 777 "$TMP/leases"
head -c 20000 /dev/zero >"$TMP/tftp/file"
chmod 644 "$TMP/tftp/file"

# ask.py: DNS and TFTP by hand, so that no client has to be installed.
cat >"$TMP/ask.py" <<'END'
import socket, struct, sys
kind, port = sys.argv[1], int(sys.argv[2])
def query(name, number):
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", number, 1)
def show(answer):
    code, count = answer[3] & 15, struct.unpack(">H", answer[6:8])[0]
    print("rcode", code, "answers", count, answer[-4:].hex() if count else "")
where = "::1" if kind == "udp6" else "127.0.0.1"
if kind == "tftp":
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(5)
    s.sendto(b"\0\1" + sys.argv[3].encode() + b"\0octet\0", (where, port))
    size = 0
    while True:
        data, peer = s.recvfrom(600)
        if data[1] != 3:
            print("error", data[2:4].hex())
            break
        s.sendto(b"\0\4" + data[2:4], peer)
        size += len(data) - 4
        if len(data) < 516:
            print("file of", size)
            break
elif kind == "tcp":
    s = socket.create_connection((where, port), 5)
    asked = query(sys.argv[3], int(sys.argv[4]))
    s.sendall(struct.pack(">H", len(asked)) + asked)
    data = s.makefile("rb")
    show(data.read(struct.unpack(">H", data.read(2))[0]))
else:
    s = socket.socket(socket.AF_INET6 if kind == "udp6" else socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(5)
    s.sendto(query(sys.argv[3], int(sys.argv[4])), (where, port))
    show(s.recv(4096))
END

ask()
{
    timeout 10 /usr/bin/python3 "$TMP/ask.py" "$1" "${ASKED:-$port}" "${@:2}" 2>&1 | tail -1
}

upstream_answers()
{
    [[ $(ASKED=$behind ask udp far.example 1) == "rcode 0 answers 1 0a000009" ]]
}

answers()
{
    [[ $(ask udp near.example 1) == "rcode 0 answers 1 0a000001" ]]
}

newer()
{
    [[ $(ask udp new.example 1) == "rcode 0 answers 1 0a000007" ]]
}

prepare()
{
    rm -f "$TMP"/hosts.d/*
    echo "10.0.0.2 listed.example" >"$TMP/hosts"
    echo "10.0.0.3 other.example" >"$TMP/hosts.d/a"
    echo "nameserver 127.0.0.1" >"$TMP/resolv.conf"
    rm -f "$TMP/log" "$TMP/pid"
}

# Where it listens: at each address, or at all by one socket, which then asks where a query came in.
bound=(--listen-address=127.0.0.1 --listen-address=::1 --bind-interfaces)

# served HOW OPTION...
served()
{
    local how=$1
    shift
    prepare
    serve "$how" dnsmasq --conf-file=/dev/null --keep-in-foreground --log-facility=- --port="$port" "${user[@]}" \
        "${bound[@]}" \
        --resolv-file="$TMP/resolv.conf" --server="/example/127.0.0.1#$behind" \
        --addn-hosts="$TMP/hosts" --hostsdir="$TMP/hosts.d" \
        --address=/near.example/10.0.0.1 --txt-record=text.example,hello --cname=alias.example,listed.example \
        --enable-tftp --tftp-root="$TMP/tftp" --tftp-no-fail --log-queries --pid-file="$TMP/pid" "$@"
    wait_for 10 answers
}

work()
{
    ask udp near.example 1
    ask udp listed.example 1
    ask udp6 other.example 1
    ask udp alias.example 1
    ask udp text.example 16
    ask udp far.example 1
    ask udp far.example 1
    ask tcp far.example 1
    ask tcp new.far.example 1 # not in the cache: by TCP to the other server
    ask tcp near.example 1
    ask udp 1.0.0.127.in-addr.arpa 12
    ASKED=69 tftp
    echo "10.0.0.7 new.example" >"$TMP/hosts.d/b"
    wait_for 10 newer && echo "a new file is noticed"
    echo "10.0.0.8 again.example" >>"$TMP/hosts"
    kill -HUP "$PID"
    wait_for 10 newer
    ask udp again.example 1
    kill -USR1 "$PID" # its statistics, to the log
    kill -USR2 "$PID"
    ask udp near.example 1
}

# Its TFTP is at a port that only root may have.
tftp()
{
    ((EUID == 0)) || return
    ask tftp file
    ask tftp none
}

end()
{
    kill "$PID"
    wait "$PID"
    echo "status $?"
}

uses()
{
    served "$1" "${@:2}"
    work
    end
}

# DNSSEC (nothing is signed here), a small cache; and a port for DHCP, which wants raw sockets and
# capabilities.
# shellcheck disable=SC2054 # the commas are dnsmasq's
dnssec=(--dnssec --trust-anchor=".,20326,8,2,E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
    --dnssec-no-timecheck --cache-size=999 --local-service)
# shellcheck disable=SC2054
more=("${dnssec[@]}" --dhcp-leasefile="$TMP/leases/l"
    --dhcp-range=127.0.0.50,127.0.0.60,255.0.0.0 --dhcp-range=::1,::9,64 --enable-ra
    --dhcp-alternate-port="$(free_port)")

# In the background, as its unit starts it, after a test of the options; and started wrongly.
background()
{
    local words=() pid
    case $1 in
        killing) words=("$PORTCULLIS" run "$KILLING" --) ;;
        learned) words=("$PORTCULLIS" learn --quiet -o "$LEARNED" --) ;;
    esac
    words+=(dnsmasq --conf-file=/dev/null)
    prepare
    timeout 10 "${words[@]}" --test 2>&1
    if [[ $1 != learned ]]; then
        timeout 10 "${words[@]}" --port="$port" "${user[@]}" --listen-address=127.0.0.1 \
            --bind-interfaces --no-resolv --address=/near.example/10.0.0.1 --local-service \
            --pid-file="$TMP/pid" --log-facility="$TMP/log" 2>&1
        echo "status $?"
        wait_for 10 answers
        pid=$(cat "$TMP/pid")
        TAP_PIDS+=("$pid")
        ask udp near.example 1
        kill "$pid"
        wait_for 10 none_alive "$pid" && echo "stopped"
    fi
    timeout 10 "${words[@]}" --nonsense 2>&1
    timeout 10 "${words[@]}" --no-daemon --port="$port" --listen-address=192.0.2.1 --bind-interfaces 2>&1
    echo "status $?"
}

start dnsmasq --conf-file=/dev/null --keep-in-foreground --port="$behind" "${user[@]}" --no-resolv --no-hosts \
    --listen-address=127.0.0.1 --bind-interfaces --address=/far.example/10.0.0.9 --pid-file= 2>/dev/null
wait_for 10 upstream_answers

if [[ ${LEARNED:-} ]]; then
    uses learned
    uses learned "${more[@]}"
    background learned
    exit
fi

plain=$(uses plain)
like "$plain" $'^rcode 0 answers 1 0a000001\n.*answers 1 0a000009.*status 0$' "dnsmasq works without a filter"
uses reported >"$TMP/used"
is "$(<"$TMP/used")" "$plain" "it works as without a filter under a report"
unrefused "and no call is refused"
uses reported "${more[@]}" >"$TMP/used"
is "$(<"$TMP/used")" "$plain" "it works with DNSSEC and DHCP under a report"
unrefused "and no call is refused"
is "$(uses killing)" "$plain" "it works where a refused call kills"
is "$(uses killing "${more[@]}")" "$plain" "it works with DNSSEC and DHCP where a refused call kills"
plain=$(background plain)
is "$(background killing)" "$plain" "so it does in the background, and started wrongly"

served filtered
is "$(seccomp_modes "$PID")" 2 "it is filtered"
refused_inside "$PID" exec map protect ptrace raw packet unshare uring
is "$(inside "$PID" local netlink setuid chown-file load)" \
    "local=done netlink=done setuid=22 chown-file=ENOENT load=EBADF" "what a start takes is left, and there is no stage"
is "$(ask udp near.example 1)" "rcode 0 answers 1 0a000001" "and it answers on"
end >/dev/null

# All but DHCP again, in the stage.
plain=$(uses plain)
shipped dnsmasq-serving dnsmasq
is "$(uses reported)" "$plain" "it serves in its stage under a report"
unrefused "and no call is refused"
is "$(uses killing "${dnssec[@]}")" "$plain" "it serves in its stage, with DNSSEC, where a refused call kills"
bound=()
is "$(uses killing)" "$plain" "so it does at all addresses by one socket"
is "$(background killing)" "$(background plain)" "and in the background, and started wrongly"
is "$("$PORTCULLIS" check --json "$WHITELIST" | grep -o '"stages".*' | grep -o '"allowed": [0-9]*, "constrained": [0-9]*')" \
    '"allowed": 43, "constrained": 6' "of the calls few are left"
served filtered
is "$(filters "$PID")" 2 "it is in the stage"
refused_inside "$PID" exec local netlink raw packet setuid chown-file load map protect ptrace \
    unshare seccomp
is "$(inside "$PID" udp bind)" "udp=done bind=EBADF" "what a query to another server takes is left"
is "$(ask udp near.example 1)|$(ask tcp new.far.example 1)" \
    "rcode 0 answers 1 0a000001|rcode 0 answers 1 0a000009" "and it answers on"
end
finish
