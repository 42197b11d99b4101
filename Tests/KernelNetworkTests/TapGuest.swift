// A guest that is nothing but frames on a tap, as a hypervisor sees it.

import CloudTypes
import Glibc
import HostSystem
import NodeContract

@testable import KernelNetwork

struct TapGuest {
    private let tap: OwnedDescriptor
    let mac: MACAddress
    /// What `IFF_VNET_HDR` puts before each frame.
    private let headerCount = 10

    init(_ lab: Lab, _ interface: VPCNetwork.Interface, in vpc: VPCID) async throws {
        tap = try OwnedDescriptor(try await lab.fabric.openPort(interface.id, in: vpc), "openPort")
        mac = interface.macAddress
        guard waitForCarrier(interface) else { throw Lab.Failed(description: "the tap of \(interface.id) is silent") }
    }

    func send(_ frame: [UInt8]) {
        let bytes = [UInt8](repeating: 0, count: headerCount) + frame
        _ = write(tap.number, bytes, bytes.count)
    }

    /// The next frame that `read` makes something of.
    func next<Value>(timeout: Int32 = patience, _ read: ([UInt8]) -> Value?) -> Value? {
        var request = pollfd(fd: tap.number, events: Int16(POLLIN), revents: 0)
        while poll(&request, 1, timeout) > 0 {
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = Glibc.read(tap.number, &buffer, buffer.count)
            guard count > headerCount else { return nil }
            if let value = read(Array(buffer[headerCount..<count])) { return value }
        }
        return nil
    }

    func askARP(for target: IPv4Address, as sender: IPv4Address, from source: MACAddress? = nil) {
        let own = octets(source ?? mac)
        let header: [UInt8] = [255, 255, 255, 255, 255, 255] + own + [8, 6]
        let fixed: [UInt8] = [0, 1, 8, 0, 6, 4, 0, 1]
        send(header + fixed + own + sender.octets + [0, 0, 0, 0, 0, 0] + target.octets)
    }

    /// Returns once the kernel sends on the tap: it begins to a moment after a tap has been opened.
    private func waitForCarrier(_ interface: VPCNetwork.Interface) -> Bool {
        (0..<60).contains { _ in
            askARP(for: VPCNetwork.metadataAddress, as: interface.addresses[0].privateAddress)
            return nextARPAnswer(timeout: 50) != nil
        }
    }

    /// Whose address the next ARP answer speaks of, and what it says.
    func nextARPAnswer(timeout: Int32 = patience) -> (address: IPv4Address, mac: String)? {
        next(timeout: timeout) { frame in
            guard frame.count >= 42, frame[12] == 8, frame[13] == 6, frame[21] == 2 else { return nil }
            let digits = frame[22..<28].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            return (address(frame, 28), digits.joined(separator: ":"))
        }
    }

    /// Broadcasts a DHCP message from port 68; `options` begin with the message's type.
    func sendDHCP(options: [UInt8]) {
        var message: [UInt8] = [1, 1, 6, 0, 1, 2, 3, 4, 0, 0, 0, 0]
        message += [UInt8](repeating: 0, count: 16) + octets(mac)
        message += [UInt8](repeating: 0, count: 10 + 64 + 128) + [99, 130, 83, 99] + options + [255]
        message += [UInt8](repeating: 0, count: max(0, 300 - message.count))
        let udp = pair(68) + pair(67) + pair(8 + message.count) + [0, 0] + message
        var header: [UInt8] = [0x45, 0] + pair(20 + udp.count) + [0, 1, 0, 0, 64, 17, 0, 0]
        header += [0, 0, 0, 0, 255, 255, 255, 255]
        let sum = checksum(header)
        (header[10], header[11]) = (UInt8(sum >> 8), UInt8(sum & 255))
        send([255, 255, 255, 255, 255, 255] + octets(mac) + [8, 0] + header + udp)
    }

    /// What is offered to one who asks, and asks again as guests do: a resolver that is told of a change may hear both at once.
    func offer(options: [UInt8] = []) -> Lease? {
        for _ in 0..<3 {
            sendDHCP(options: [53, 1, 1] + options)
            if let offer = nextDHCP() { return offer }
        }
        return nil
    }

    struct Lease {
        var address: IPv4Address
        var options: [UInt8: [UInt8]]
    }

    /// The next DHCP message for us.
    func nextDHCP() -> Lease? {
        next { frame in
            guard frame.count > 42 + 240, frame[12] == 8, frame[23] == 17, frame[36] == 0, frame[37] == 68 else {
                return nil
            }
            let message = Array(frame[42...])
            var options: [UInt8: [UInt8]] = [:]
            var index = 240
            while index + 1 < message.count, message[index] != 255 {
                let count = Int(message[index + 1])
                guard index + 2 + count <= message.count else { break }
                options[message[index]] = Array(message[(index + 2)..<(index + 2 + count)])
                index += 2 + count
            }
            return Lease(address: address(message, 16), options: options)
        }
    }

    private func octets(_ mac: MACAddress) -> [UInt8] {
        mac.description.split(separator: ":").compactMap { UInt8($0, radix: 16) }
    }

    private func pair(_ number: Int) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 255)] }

    private func address(_ bytes: [UInt8], _ at: Int) -> IPv4Address {
        IPv4Address(bytes[at..<(at + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
    }

    private func checksum(_ bytes: [UInt8]) -> Int {
        var sum = 0
        for index in stride(from: 0, to: bytes.count, by: 2) { sum += Int(bytes[index]) << 8 | Int(bytes[index + 1]) }
        while sum > 0xffff { sum = (sum & 0xffff) + (sum >> 16) }
        return ~sum & 0xffff
    }
}
