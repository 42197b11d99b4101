import CloudTypes
import Testing

@Suite("IPv6 blocks")
struct IPv6Tests {
    @Test(
        "are printed in one form whatever form they are read in",
        arguments: [
            ("::/0", "::/0"), ("2001:DB8::1/128", "2001:db8::1/128"),
            ("2001:db8:0:0:1:0:0:1/128", "2001:db8::1:0:0:1/128"),
            ("2001:db8:ffff::/33", "2001:db8:8000::/33"), ("1:2:3:4:5:6:7:8/64", "1:2:3:4::/64"),
            ("::ffff:10.1.2.3/128", "::ffff:a01:203/128"), ("1:0:2:3:4:5:6:7/128", "1:0:2:3:4:5:6:7/128"),
            ("fe80::/10", "fe80::/10"), ("1::/16", "1::/16"),
        ])
    func canonical(text: String, printed: String) {
        #expect(IPv6Block(text)?.description == printed)
    }

    @Test(
        "are not read from anything else",
        arguments: [
            "", "::", "/0", "::/129", "::/-1", "::/01", "1::2::3/64", ":::/0", "1:2:3:4:5:6:7/64", "12345::/16",
            "g::/16",
            "1:2:3:4:5:6:7:8:9/64", "::1:2:3:4:5:6:7:8/64", ":1::/16", "1.2.3.4/8", "+1::/16", "::ffff:1.2.3/128",
        ])
    func refused(text: String) { #expect(IPv6Block(text) == nil) }
}
