import CloudTypes
import NodeAgent
import NodeContract
import Testing

@Suite("The tree of instance metadata")
struct MetadataTreeTests {
    @Test("every name in every listing answers")
    func listingsAreTrue() throws {
        var metadata = try Sample().metadata
        (metadata.publicKey, metadata.keyName) = ("ssh-ed25519 AAAA key", "key")
        (metadata.options.showsTags, metadata.tags) = (true, ["Name": "web"])
        let tree = MetadataTree(of: metadata, identityNames: ["document"])
        var visited = 0
        func visit(_ path: [String]) throws {
            let node = try #require(tree.node(at: path.map { Substring($0) }), "\(path) does not answer")
            visited += 1
            guard case .folder = node else { return }
            for line in String(decoding: MetadataTree.body(of: node), as: UTF8.self).split(separator: "\n") {
                let name = line.split(separator: "=").first.map(String.init) ?? ""
                try visit(path + [name.hasSuffix("/") ? String(name.dropLast()) : name])
            }
        }
        try visit([])
        #expect(visited > 40)
    }

    @Test("a key pair is listed by number and name, and its key lies below the number")
    func publicKeys() throws {
        var metadata = try Sample().metadata
        (metadata.publicKey, metadata.keyName) = ("ssh-ed25519 AAAA mine", "mine")
        let tree = MetadataTree(of: metadata, identityNames: [])
        let listing = try #require(tree.node(at: ["meta-data", "public-keys"]))
        #expect(String(decoding: MetadataTree.body(of: listing), as: UTF8.self) == "0=mine")
        let key = tree.node(at: ["meta-data", "public-keys", "0", "openssh-key"])
        #expect(key == .text("ssh-ed25519 AAAA mine\n"))
    }

    @Test("tags are there only where the options show them")
    func tags() throws {
        var metadata = try Sample().metadata
        metadata.tags = ["Name": "web"]
        #expect(MetadataTree(of: metadata, identityNames: []).node(at: ["meta-data", "tags"]) == nil)
    }

    @Test("a place in a group is told, and only to instances that have one")
    func placement() throws {
        var metadata = try Sample().metadata
        func at(_ name: String) -> MetadataTree.Node? {
            MetadataTree(of: metadata, identityNames: []).node(at: ["meta-data", "placement", Substring(name)])
        }
        #expect(at("group-name") == nil && at("partition-number") == nil)
        (metadata.groupName, metadata.partition) = ("parts", 2)
        #expect(at("group-name") == .text("parts") && at("partition-number") == .text("2"))
    }

    @Test("a spot instance reads of its interruption, and nobody else does")
    func interruption() throws {
        var metadata = try Sample().metadata
        #expect(MetadataTree(of: metadata, identityNames: []).node(at: ["meta-data", "spot"]) == nil)
        let noticed = try #require(Timestamp(iso8601: "2026-11-30T12:00:00Z"))
        metadata.notice = .init(action: "terminate", due: noticed.adding(seconds: 120), noticedAt: noticed)
        let tree = MetadataTree(of: metadata, identityNames: [])
        #expect(
            tree.node(at: ["meta-data", "spot", "instance-action"])
                == .text("{\"action\":\"terminate\",\"time\":\"2026-11-30T12:02:00Z\"}"))
        #expect(tree.node(at: ["meta-data", "spot", "termination-time"]) == .text("2026-11-30T12:02:00Z"))
        #expect(
            tree.node(at: ["meta-data", "events", "recommendations", "rebalance"])
                == .text("{\"noticeTime\":\"2026-11-30T12:00:00Z\"}"))
        metadata.notice?.action = "stop"
        let stopping = MetadataTree(of: metadata, identityNames: [])
        #expect(stopping.node(at: ["meta-data", "spot", "termination-time"]) == nil)
    }

    @Test("events that are to come and those that came are told apart")
    func events() throws {
        var metadata = try Sample().metadata
        let begin = try #require(Timestamp(iso8601: "2026-11-30T12:00:05Z"))
        metadata.events = [
            .init(
                id: "instance-event-1", code: "system-reboot", description: "a \"new\" fan", notBefore: begin,
                notAfter: nil, state: "active")
        ]
        let tree = MetadataTree(of: metadata, identityNames: [])
        let event =
            "[{\"NotBefore\":\"30 Nov 2026 12:00:05 GMT\",\"Code\":\"system-reboot\","
            + "\"Description\":\"a \\\"new\\\" fan\",\"EventId\":\"instance-event-1\",\"State\":\"active\"}]"
        #expect(tree.node(at: ["meta-data", "events", "maintenance", "scheduled"]) == .text(event))
        #expect(tree.node(at: ["meta-data", "events", "maintenance", "history"]) == .text("[]"))
    }

    @Test("an instance without user data has no such page")
    func noUserData() throws {
        var metadata = try Sample().metadata
        metadata.userData = nil
        #expect(MetadataTree(of: metadata, identityNames: []).node(at: ["user-data"]) == nil)
    }
}
