// Where the host itself asks for names, as far as a VPC may ask there too.

import CloudTypes
import HostSystem

enum HostResolvers {
    /// systemd-resolved puts its own loopback address into the first file, and those it asks into the second.
    static func read() -> [IPv4Address] {
        for path in ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"] {
            let found = reachable(in: SmallFile.read(path) ?? "")
            if !found.isEmpty { return found }
        }
        return []
    }

    /// The IPv4 name servers of a resolv.conf, without those that only the host reaches.
    static func reachable(in text: String) -> [IPv4Address] {
        text.split(separator: "\n").compactMap { line in
            let words = line.split { $0 == " " || $0 == "\t" }
            guard words.count > 1, words[0] == "nameserver", let address = IPv4Address(String(words[1])) else {
                return nil
            }
            return address.octets[0] == 127 ? nil : address
        }
    }
}
