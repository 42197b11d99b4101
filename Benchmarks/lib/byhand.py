"""What a VPC of ours is in the kernel, written down as the scripts that make the same by hand."""

import glob
import json
import os

from lib.lab import inside, run

ROUTER_MAC = "0a:00:00:00:00:01"


class Written:
    """The links, routes, rules and resolver of a VPC's namespace, as one shell script for a fresh namespace."""

    def __init__(self, namespace):
        self.namespace = namespace
        self.rules = "".join(
            line + "\n" for line in run(inside(namespace, "nft", "list", "ruleset")).splitlines())
        self.links = self._json("link", "show")
        self.addresses = self._json("-4", "addr", "show")
        self.routes = self._json("-4", "route", "show", "table", "all")
        self.neighbours = self._json("-4", "neigh", "show", "nud", "permanent")
        self.lookups = [rule for rule in self._json("-4", "rule", "show") if rule.get("fwmark")]

    def _json(self, *arguments):
        return json.loads(run(["ip", "-n", self.namespace, "-j", *arguments]) or "[]")

    @property
    def ports(self):
        return sorted(link["ifname"] for link in self.links if link["ifname"].startswith("e"))

    def lines(self, ports=None):
        """`ip -batch` lines; with `ports`, only what concerns those."""
        lines = []
        for port in self.ports if ports is None else ports:
            lines.append(f"link add {port} mtu 1500 type veth peer name p{port[1:]} mtu 1500")
            lines.append(f"link set dev {port} address {ROUTER_MAC} mtu 1500 up")
        if ports is None:
            for entry in self.addresses:
                if entry["ifname"] == "svc":
                    for address in entry["addr_info"]:
                        lines.append(f"addr replace {address['local']}/32 dev svc")
        for route in self.routes:
            if route.get("type") == "local" or route.get("protocol") == "kernel":
                continue
            device = route.get("dev")
            if ports is not None and device not in ports:
                continue
            lines.append(self._route(route, device))
        for neighbour in self.neighbours:
            if ports is None or neighbour["dev"] in ports:
                lines.append(
                    f"neigh replace {neighbour['dst']} lladdr {neighbour['lladdr']} dev {neighbour['dev']} nud permanent")
        if ports is None:
            lines += [f"rule add pref 100 fwmark {int(rule['fwmark'], 16)} lookup {rule['table']}"
                      for rule in self.lookups]
        return lines

    @staticmethod
    def _route(route, device):
        kind = route.get("type", "unicast")
        text = "route replace " + ("" if kind == "unicast" else kind + " ") + route["dst"]
        if "gateway" in route:
            text += f" via {route['gateway']}"
        if device:
            text += f" dev {device}"
        if "onlink" in route.get("flags", []):
            text += " onlink"
        if "prefsrc" in route:
            text += f" src {route['prefsrc']}"
        table = route.get("table")
        return text + (f" table {table}" if table else "")

    def script(self, name, edge, folder):
        """A shell script that makes the namespace `name` the same, linked to the namespace `edge`."""
        uplink = next((entry for entry in self.addresses if entry["ifname"] == "up0"), None)
        local = uplink["addr_info"][0]["local"] if uplink else "169.254.1.2"
        remote = uplink["addr_info"][0].get("address", "169.254.1.1") if uplink else "169.254.1.1"
        rules, links = os.path.join(folder, f"{name}.nft"), os.path.join(folder, f"{name}.ip")
        with open(rules, "w") as file:
            file.write(self.rules)
        first = ["link set dev lo up", "tuntap add dev svc mode tun", "link set dev svc up", "link set dev up0 up",
                 f"addr replace {local} peer {remote}/32 dev up0"]
        with open(links, "w") as file:
            file.write("\n".join(first + self.lines()) + "\n")
        resolver = self._resolver(name, folder)
        delays = "\n".join(f"echo 0 > $n/ipv4/neigh/{port}/proxy_delay" for port in self.ports)
        return f"""set -e
ip netns add {name}
nsenter --net=/run/netns/{name} bash -ec '
n=/proc/sys/net
echo 1 > $n/ipv6/conf/all/disable_ipv6; echo 1 > $n/ipv6/conf/default/disable_ipv6
echo 1 > $n/ipv4/ip_forward; echo 0 > $n/ipv4/conf/all/send_redirects
echo 0 > $n/ipv4/conf/default/send_redirects; echo 0 > $n/ipv4/conf/all/rp_filter
echo 0 > $n/ipv4/conf/default/rp_filter; echo 1 > $n/ipv4/conf/default/proxy_arp'
printf '%s\\n' 'link add h{name[-8:]} type veth peer name up0 netns {name}' 'link set dev h{name[-8:]} up' \\
    'addr replace {remote} peer {local}/32 dev h{name[-8:]}' | ip -n {edge} -batch -
nsenter --net=/run/netns/{name} bash -ec '
n=/proc/sys/net
ip -batch {links}
{delays}
nft -f {rules}
{resolver}'
"""

    def _resolver(self, name, folder):
        """Starts a dnsmasq with the configuration that ours was given, its files copied."""
        vpc = "vpc-" + self.namespace.rsplit("vpc-", 1)[1]
        found = glob.glob(f"/run/apus-*/{vpc}/dnsmasq.conf")
        if not found:
            return ""
        own = os.path.dirname(found[0])
        copy = os.path.join(folder, f"{name}-resolver")
        os.makedirs(copy, exist_ok=True)
        for path in glob.glob(own + "/*"):
            if os.path.isfile(path):
                with open(path) as source, open(os.path.join(copy, os.path.basename(path)), "w") as target:
                    target.write(source.read().replace(own, copy))
        run(["rm", "-f", os.path.join(copy, "pid")])
        run(["chmod", "-R", "a+rX", copy])
        return f"dnsmasq --conf-file={copy}/dnsmasq.conf --user=root"

    @staticmethod
    def end_resolver(name, folder):
        try:
            with open(os.path.join(folder, f"{name}-resolver", "pid")) as file:
                os.kill(int(file.read()), 9)
        except (OSError, ValueError):
            pass
