// Rules that change while packets flow.

import CloudTypes
import HostSystem
import NodeContract
import Testing

@testable import KernelNetwork

@Suite("A changed security group", .enabled(if: labObstacle == nil, "\(labObstacle ?? "")"))
struct GroupChangeTests {
    @Test("opens and closes a port on a running guest")
    func live() async throws {
        try await Lab.run { lab in
            var network = VPCNetwork.sample()
            let (a, b) = (network.add(1, "10.0.1.10"), network.add(2, "10.0.2.20"))
            try await lab.fabric.apply(network)
            let (client, server) = (try await lab.guest(a, of: network), try await lab.guest(b, of: network))
            let listener = try await Wire.server(in: server.namespace, port: 80)
            #expect(try await !reaches(server.address, 80, from: client.namespace, timeout: silence))
            network.groups[0].ingress = [.tcp(80)]
            try await lab.fabric.apply(network)
            #expect(try await reaches(server.address, 80, from: client.namespace))
            network.groups[0].ingress = []
            try await lab.fabric.apply(network)
            #expect(try await !reaches(server.address, 80, from: client.namespace, timeout: silence))
            _ = listener
        }
    }

    @Test("leaves established connections alone")
    func established() async throws {
        try await Lab.run { lab in
            var network = VPCNetwork.sample()
            network.groups[0].ingress = [.tcp(80, from: .block(block("10.0.0.0/16")))]
            let (a, b) = (network.add(1, "10.0.1.10"), network.add(2, "10.0.2.20"))
            try await lab.fabric.apply(network)
            let (client, server) = (try await lab.guest(a, of: network), try await lab.guest(b, of: network))
            let listener = try await Wire.server(in: server.namespace, port: 80)
            let sender = try #require(
                try await Wire.connect(from: client.namespace, to: server.address, 80))
            let receiver = try #require(listener.accept()?.0)
            network.groups[0].ingress = []
            try await lab.fabric.apply(network)
            sender.send("still here")
            #expect(receiver.receive() == "still here")
        }
    }

    @Test("that names another group lets in that group's members alone")
    func reference() async throws {
        try await Lab.run { lab in
            var network = VPCNetwork.sample()
            network.groups.append(VPCNetwork.Group(id: theID(2), ingress: [], egress: [.anything]))
            network.groups[0].ingress = [.tcp(5432, from: .members(of: theID(2)))]
            let server = network.add(1, "10.0.1.10")
            let member = network.add(2, "10.0.2.20", groups: [2])
            let stranger = network.add(3, "10.0.2.30")
            try await lab.fabric.apply(network)
            let guests = (
                try await lab.guest(server, of: network), try await lab.guest(member, of: network),
                try await lab.guest(stranger, of: network)
            )
            let listener = try await Wire.server(in: guests.0.namespace, port: 5432)
            #expect(try await reaches(guests.0.address, 5432, from: guests.1.namespace))
            #expect(try await !reaches(guests.0.address, 5432, from: guests.2.namespace, timeout: silence))
            _ = listener
        }
    }

    @Test("without egress rules keeps its members from calling anybody")
    func egress() async throws {
        try await Lab.run { lab in
            var network = VPCNetwork.sample()
            network.groups.append(VPCNetwork.Group(id: theID(2), ingress: [], egress: []))
            network.groups[0].ingress = [.anything]
            let (a, b) = (network.add(1, "10.0.1.10", groups: [2]), network.add(2, "10.0.2.20"))
            try await lab.fabric.apply(network)
            let (client, server) = (try await lab.guest(a, of: network), try await lab.guest(b, of: network))
            let listener = try await Wire.server(in: server.namespace, port: 80)
            #expect(try await !reaches(server.address, 80, from: client.namespace, timeout: silence))
            _ = listener
        }
    }
}
