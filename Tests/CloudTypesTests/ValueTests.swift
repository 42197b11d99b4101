import CloudTypes
import Testing

@Suite("Values of the cloud")
struct ValueTests {
    @Test("an id is its prefix, a dash and 8 or 17 hex digits", arguments: ["i-0123abcd", "i-0123456789abcdef0"])
    func wellFormed(text: String) { #expect(InstanceID(text)?.description == text) }

    @Test("anything else is no id", arguments: ["", "i-", "i-xyz", "vol-0123abcd", "i-0123ABCD", "i-012345678"])
    func malformed(text: String) { #expect(InstanceID(text) == nil) }

    @Test("a fresh id has 17 digits")
    func fresh() {
        var generator = SystemRandomNumberGenerator()
        let id = InstanceID(from: &generator)
        #expect(InstanceID(id.description) == id)
        #expect(id.description.utf8.count == 19)
    }

    @Test("ids are in the order of their texts")
    func order() throws {
        let texts = [
            "i-00000000", "i-00000000000000000", "i-00000000000000001", "i-0000000f", "i-0000000f000000000",
            "i-09abcdef",
            "i-0a000000", "i-0a00000000000000f", "i-ffffffff", "i-fffffffffffffffff",
        ]
        let ids = try texts.map { try #require(InstanceID($0)) }
        #expect(texts.sorted() == texts)
        #expect(ids.shuffled().sorted().map(\.description) == texts)
        #expect(Set(ids).count == texts.count)
    }

    @Test("moments print and read as ISO 8601 in UTC", arguments: [0, 951_782_400_123, 1_795_478_400_000, -1])
    func moments(milliseconds: Int64) {
        let moment = Timestamp(milliseconds: milliseconds)
        #expect(Timestamp(iso8601: moment.description) == moment)
    }

    @Test("the leap day of 2000 is printed as such")
    func leapDay() { #expect(Timestamp(milliseconds: 951_782_400_123).description == "2000-02-29T00:00:00.123Z") }

    @Test("a block clears its host bits, as EC2 does")
    func canonical() { #expect(CIDRBlock("100.68.0.18/18")?.description == "100.68.0.0/18") }

    @Test("text that is no block is refused", arguments: ["10.0.0.0", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/08", "a/8"])
    func noBlock(text: String) { #expect(CIDRBlock(text) == nil) }

    @Test("blocks know what they hold")
    func containment() throws {
        let wide = try #require(CIDRBlock("172.31.0.0/16"))
        let narrow = try #require(CIDRBlock("172.31.16.0/20"))
        #expect(wide.contains(narrow) && wide.overlaps(narrow) && !narrow.contains(wide))
        #expect(narrow.last.description == "172.31.31.255")
    }
}
