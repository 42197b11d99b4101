import InstanceTypeCatalogue
import NodeContract
import Testing

@Suite("The catalogue of instance types")
struct CatalogueTests {
    private let catalogue = InstanceTypeCatalogue.shared

    @Test("lists every type once, in the order of names")
    func order() {
        let names = catalogue.all.map(\.name)
        #expect(names.count > 1_200)
        #expect(names == Set(names).sorted())
    }

    @Test("finds each type by its name")
    func lookup() {
        #expect(catalogue.all.allSatisfy { catalogue[$0.name] == $0 })
        #expect(catalogue["t3.enormous"] == nil)
        #expect(catalogue[""] == nil)
        #expect(catalogue["zzz"] == nil)
    }

    @Test("knows a burstable type")
    func burstable() throws {
        let facts = try #require(InstanceTypeCatalogue.facts(of: "t3.micro"))
        #expect((facts.vCPUs, facts.cores, facts.threadsPerCore, facts.memoryMiB) == (2, 1, 2, 1024))
        #expect(facts.architectures == [.x86_64])
        #expect(facts.isBurstable)
        #expect(!facts.isBareMetal)
        #expect(facts.hypervisor == "nitro")
        #expect(facts.instanceStore == nil)
        #expect(facts.network.interfaces == 2)
        #expect(facts.network.ipv4AddressesPerInterface == 2)
        #expect(facts.bootModes == ["legacy-bios", "uefi"])
    }

    @Test("knows an ARM type with instance store")
    func instanceStore() throws {
        let facts = try #require(InstanceTypeCatalogue.facts(of: "m6gd.xlarge"))
        #expect(facts.architectures == [.arm64])
        let store = try #require(facts.instanceStore)
        #expect(store.disks.map { [$0.sizeGB, $0.count] } == [[237, 1]])
        #expect(store.disks.map(\.type) == ["ssd"])
        #expect(store.isNVMe && store.isEncrypted)
        #expect(facts.bootModes == ["uefi"])
    }

    @Test("knows bare metal and processors for graphics")
    func special() throws {
        let metal = try #require(InstanceTypeCatalogue.facts(of: "m5.metal"))
        #expect(metal.isBareMetal && metal.hypervisor == nil)
        let graphics = try #require(InstanceTypeCatalogue.facts(of: "g4dn.12xlarge"))
        #expect(graphics.gpuCount == 4)
        #expect(graphics.gpuMemoryMiB == 65_536)
    }

    @Test("has no facts of a type that does not exist")
    func unknown() { #expect(InstanceTypeCatalogue.facts(of: "t3.enormous") == nil) }

    @Test("has processors, memory, an architecture and an interface for every type")
    func sane() {
        for type in catalogue.all {
            guard let facts = InstanceTypeCatalogue.facts(of: type.name) else {
                Issue.record("no facts of \(type.name)")
                continue
            }
            #expect(facts.vCPUs == facts.cores * facts.threadsPerCore, "\(type.name)")
            #expect(facts.memoryMiB > 0 && facts.network.interfaces > 0, "\(type.name)")
            #expect(!facts.architectures.isEmpty && !facts.bootModes.isEmpty, "\(type.name)")
        }
    }

    @Test("gives XML whose elements are all closed")
    func wellFormed() {
        for type in catalogue.all {
            var xml: [UInt8] = []
            type.forEachPiece { xml.append(contentsOf: $0) }
            #expect(OpenElements(in: String(decoding: xml, as: UTF8.self)) == OpenElements(names: []), "\(type.name)")
        }
    }

    @Test("reads values at paths inside of members that are cut apart")
    func paths() throws {
        let type = try #require(catalogue["p4d.24xlarge"])
        let cards = InstanceTypePath("networkInfo/networkCards/item/networkCardIndex")
        #expect(type.values(at: cards) == ["0", "1", "2", "3"])
        #expect(type.values(at: InstanceTypePath("networkInfo/efaInfo/maximumEfaInterfaces")) == ["4"])
        #expect(type.values(at: InstanceTypePath("networkInfo/maximumNetworkCards")) == ["4"])
        #expect(type.values(at: InstanceTypePath("memoryInfo/sizeInMiB")) == ["1179648"])
        #expect(type.values(at: InstanceTypePath("memoryInfo")) == [])
        #expect(type.values(at: InstanceTypePath("noSuchMember")) == [])
    }
}

/// The elements left open at the end of a text, or closed without having been open.
private struct OpenElements: Equatable {
    var names: [Substring]
    init(names: [Substring]) { self.names = names }
    init(in xml: String) {
        names = []
        for tag in xml.split(separator: "<").map({ $0.prefix { $0 != ">" } }) {
            if tag.hasPrefix("/"), names.last == tag.dropFirst() {
                names.removeLast()
            } else {
                names.append(tag)
            }
        }
    }
}
