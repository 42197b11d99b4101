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

    @Test("an instance without user data has no such page")
    func noUserData() throws {
        var metadata = try Sample().metadata
        metadata.userData = nil
        #expect(MetadataTree(of: metadata, identityNames: []).node(at: ["user-data"]) == nil)
    }
}
