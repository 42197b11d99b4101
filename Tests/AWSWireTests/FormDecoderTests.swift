import AWSWire
import Testing

@Suite("Decoding a form")
struct FormDecoderTests {
    private func decoded(_ form: String) throws(WireError) -> [FormParameter] {
        try FormDecoder.parameters(in: Array(form.utf8))
    }

    @Test("names and values are unescaped, order is kept")
    func plain() throws {
        #expect(
            try decoded("b=1+2&a%2E1=%C3%A9%26%3d&c&d=x=y&&e=")
                == [
                    FormParameter(name: "b", value: "1 2"), FormParameter(name: "a.1", value: "\u{e9}&="),
                    FormParameter(name: "c", value: ""), FormParameter(name: "d", value: "x=y"),
                    FormParameter(name: "e", value: ""),
                ])
    }

    @Test("nothing is no parameters")
    func empty() throws { #expect(try decoded("").isEmpty) }

    @Test("broken escapes and bytes that are no UTF-8 are refused", arguments: ["%", "%4", "%zz", "%C3", "%ff%fe"])
    func broken(value: String) {
        #expect(throws: WireError.malformedEncoding(parameter: "a")) { try decoded("a=\(value)") }
        #expect(throws: WireError.malformedEncoding(parameter: nil)) { try decoded("\(value)=a") }
    }

    @Test("any bytes are either decoded or refused")
    func arbitrary() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("%&=+.a1Fg\u{e9}".utf8) + [0, 0xff]
        for _ in 0..<2_000 {
            let bytes = (0..<Int.random(in: 0...24, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator) ?? 0
            }
            let request = try? QueryRequest(body: bytes)
            _ = try? request.map { try EC2.RunInstancesRequest(from: $0.parameters) }
        }
    }
}
