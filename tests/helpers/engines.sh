# shellcheck shell=bash
# Programs under exported filters: by crun and runc, as root, and by bwrap. Source it after tap.sh.
# A container has the machine's /usr, what engine_root copies, and no network.

# engine_root FOLDER: makes it the root of containers.
engine_root()
{
    local name
    mkdir -p "$1"/{usr,etc,proc,tmp,dev,var/lib} || exit 1
    for name in bin sbin lib lib64; do
        ln -sfn "usr/$name" "$1/$name"
    done
    # libraries that are alternatives, where the others are, and who is who
    cp -a /etc/alternatives /etc/ld.so.cache /etc/passwd /etc/group /etc/nsswitch.conf "$1/etc/"
    echo text >"$1/text.txt"
}

# bundled ENGINE ROOT PRIVILEGED PROFILE COMMAND...: runs COMMAND in a container of crun or runc.
# PRIVILEGED: "yes" without no-new-privileges, else "no".
bundled()
{
    local engine=$1 root=$2 manager=()
    [[ $engine != crun ]] || manager=(--cgroup-manager=disabled)
    rm -rf "$TMP/bundle" && mkdir "$TMP/bundle" && (cd "$TMP/bundle" && "$engine" spec) || return
    python3 - "$TMP/bundle/config.json" "$root" "${@:3}" <<'PYTHON' || return
import json, sys
path, root, privileged, profile = sys.argv[1:5]
config = json.load(open(path))
process, linux = config["process"], config["linux"]
process.update(terminal=False, args=sys.argv[5:], noNewPrivileges=privileged != "yes")
config["root"] = {"path": root, "readonly": True}
config["mounts"] = [{"destination": "/usr", "type": "none", "source": "/usr",
                     "options": ["rbind", "ro"]}]
config["mounts"] += [{"destination": d, "type": t, "source": t}
                     for d, t in (("/proc", "proc"), ("/tmp", "tmpfs"), ("/dev", "tmpfs"))]
linux["namespaces"] = [n for n in linux["namespaces"] if n["type"] not in ("network", "cgroup")]
for key in ("maskedPaths", "readonlyPaths", "resources"):
    linux.pop(key, None)
linux["seccomp"] = json.load(open(profile))
json.dump(config, open(path, "w"))
PYTHON
    # shellcheck disable=SC2016 # crun takes no part in hybrid cgroups
    run timeout 60 unshare -m sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null
        exec "$@"' sh "$engine" --root "$TMP/$engine" "${manager[@]}" run -b "$TMP/bundle" \
        "portcullis-$$-$((ENGINE_RUNS += 1))"
}

# boxed ROOT BYTES COMMAND...: runs COMMAND by bwrap, whose process 1 is under the filter as well.
boxed()
{
    run bwrap --unshare-all --ro-bind "$1" / --ro-bind /usr /usr --proc /proc --tmpfs /tmp \
        --dev /dev --seccomp 9 "${@:3}" 9<"$2"
}
