// Network namespaces as descriptors, and what only a thread inside one can do.
// Every function here changes or uses the namespace of the calling thread: call them on a thread of your own.

import CHostSystem
import Glibc

package enum NetworkNamespace {
    /// The namespace at `path` (a file of `ip netns`, or `/proc/PID/ns/net`).
    ///
    /// - Throws: with `EINVAL` where the file is no namespace, as when the mount over it is gone.
    package static func open(_ path: String) throws(SystemError) -> OwnedDescriptor {
        let descriptor = try OwnedDescriptor(Glibc.open(path, O_RDONLY | O_CLOEXEC), "open \(path)")
        guard apus_is_namespace(descriptor.number) != 0 else { throw SystemError("open \(path)", number: EINVAL) }
        return descriptor
    }

    /// Moves the calling thread into a namespace, for good.
    package static func enter(_ namespace: OwnedDescriptor) throws(SystemError) {
        guard apus_enter_network_namespace(namespace.number) == 0 else { throw SystemError("setns") }
    }

    /// The names of the links that the calling thread sees.
    package static func linkNames() -> Set<String> {
        guard let list = if_nameindex() else { return [] }
        defer { if_freenameindex(list) }
        var names: Set<String> = []
        var entry = list
        while entry.pointee.if_index != 0, let name = entry.pointee.if_name {
            names.insert(String(cString: name))
            entry += 1
        }
        return names
    }

    /// Opens a tap that exists: one queue, virtio headers, non-blocking. The kernel lets one opener in at a time.
    package static func openTap(_ name: String) throws(SystemError) -> OwnedDescriptor {
        guard if_nametoindex(name) != 0 else { throw SystemError("open tap \(name)", number: ENODEV) }
        return try OwnedDescriptor(apus_open_tap(name), "open tap \(name)")
    }

    /// Has the kernel forget every tracked connection that one of these addresses began or answers.
    ///
    /// - Parameter addresses: in host order.
    package static func forgetConnections(of addresses: [UInt32]) throws(SystemError) {
        var addresses = addresses.map(\.bigEndian)
        guard apus_forget_connections(&addresses, addresses.count) == 0 else {
            throw SystemError("forget connections")
        }
    }

    /// Has the kernel forget every tracked connection that is translated by none of these, given as what a public
    /// address stands for; connections without translation stay.
    ///
    /// - Parameter translations: private addresses by public ones, in host order.
    package static func forgetOtherTranslations(than translations: [UInt32: UInt32]) throws(SystemError) {
        var pairs = translations.map {
            apus_translation(public_address: $0.key.bigEndian, private_address: $0.value.bigEndian)
        }
        guard apus_forget_other_translations(&pairs, pairs.count) == 0 else {
            throw SystemError("forget translations")
        }
    }

    /// Which neighbours answer (ARP), of addresses on links; each is asked three times at most, a second apart.
    ///
    /// - Parameter questions: addresses in host order; a link that is not there answers nothing.
    package static func answering(
        _ questions: [(link: String, address: UInt32, asker: UInt32)]
    ) throws(SystemError) -> Set<String> {
        var neighbours = questions.map { question in
            apus_neighbour(
                link: if_nametoindex(question.link), address: question.address.bigEndian,
                asker: question.asker.bigEndian, answers: 0)
        }
        guard apus_ask_neighbours(&neighbours, neighbours.count, 3, 1_000) == 0 else {
            throw SystemError("ask neighbours")
        }
        return Set(zip(questions, neighbours).filter { $0.1.answers != 0 }.map(\.0.link))
    }

    /// A listening TCP socket, non-blocking, that shares its port with others of the same user.
    ///
    /// - Parameter address: in host order.
    package static func listen(
        address: UInt32, port: UInt16, backlog: Int32 = 512
    ) throws(SystemError) -> OwnedDescriptor {
        try OwnedDescriptor(apus_listen(address.bigEndian, port, backlog), "listen")
    }
}
