import AWSWire
import CloudTypes
import Testing

@Suite("Writing XML")
struct XMLWriterTests {
    @Test("markup in text is escaped wherever it stands", arguments: 0..<40)
    func escapes(position: Int) {
        let plain = String(repeating: "x", count: 40)
        for (character, reference) in [
            ("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#13;"), ("\u{1}", "\u{fffd}"),
        ] {
            let text = plain.prefix(position) + character + plain.dropFirst(position + 1)
            let expected = plain.prefix(position) + reference + plain.dropFirst(position + 1)
            #expect(written { $0.element("a", String(text)) } == "<a>\(expected)</a>")
        }
    }

    @Test(
        "text of any length is written whole",
        arguments: [0, 1, 3, 4, 7, 8, 15, 16, 17, 32, 33, 100, 32_760, 32_768, 100_000])
    func lengths(count: Int) {
        let text = String((0..<count).map { Character(Unicode.Scalar(UInt8(97 + $0 % 26))) })
        #expect(written { $0.element("name", text) } == "<name>\(text)</name>")
        #expect(written { $0.element("name", text + "<") } == "<name>\(text)&lt;</name>")
    }

    @Test(
        "other characters stay as they are",
        arguments: ["\u{d55c}\u{ae00} \u{1f600}", "\u{ff21}\u{fe0f}", "a\tb\nc", "\"'", "\u{7f}\u{80}"])
    func unchanged(text: String) { #expect(written { $0.element("a", text) } == "<a>\(text)</a>") }

    @Test("what XML cannot carry is replaced", arguments: ["\u{0}", "\u{1f}", "\u{fffe}", "\u{ffff}"])
    func replaced(text: String) { #expect(written { $0.element("a", "b\(text)c") } == "<a>b\u{fffd}c</a>") }

    @Test(
        "integers of every width",
        arguments: [0, 7, -1, 10, 99, 100, 65_536, Int.max, Int.min, 1_000_000_000_000_000_000])
    func integers(number: Int) { #expect(written { $0.element("a", number) } == "<a>\(number)</a>") }

    @Test("moments as Timestamp spells them", arguments: [0, 951_782_400_123, 1_795_478_400_000, -1])
    func moments(milliseconds: Int64) {
        let moment = Timestamp(milliseconds: milliseconds)
        #expect(written { $0.element("a", moment) } == "<a>\(moment)</a>")
    }

    @Test("Booleans, fractions and bytes")
    func others() {
        #expect(written { $0.element("a", true) } == "<a>true</a>")
        #expect(written { $0.element("a", 0.25) } == "<a>0.25</a>")
        #expect(written { $0.element("a", Array("hi!?".utf8)) } == "<a>aGkhPw==</a>")
    }

    @Test("what is absent is not written, an empty list is, and an empty tag list is not")
    func absent() {
        #expect(written { $0.element("a", nil as String?) } == "")
        #expect(
            written { EC2.DescribeVolumesResult(volumes: [EC2.Volume()]).write(to: &$0) }
                == "<volumeSet><item><attachmentSet/></item></volumeSet>")
        #expect(written { EC2.DescribeVolumesResult().write(to: &$0) } == "<volumeSet/>")
    }

    @Test("many elements are written in order, past the size of any buffer")
    func many() {
        let names = (0..<20_000).map { "n\($0)" }
        let expected = names.map { "<i>\($0)</i>" }.joined()
        #expect(written { $0.list("l", of: "i", names) } == "<l>\(expected)</l>")
    }

    @Test("pieces written before are taken over as they are")
    func pieces() {
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 50_000)
        let text = String(decoding: piece, as: UTF8.self)
        #expect(
            written { xml in
                xml.open("a")
                xml.verbatim(piece)
                xml.close("a")
            } == "<a>\(text)</a>")
    }
}
