import Testing

@testable import Pictures

@Suite("Pictures")
struct PictureTests {
    @Test("are read from portable pixmaps, whatever parts the numbers")
    func pixmap() throws {
        let points: [UInt8] = [255, 0, 0, 0, 255, 0]
        let picture = try #require(Picture(pixmap: Array("P6\n2 1\n255\n".utf8) + points))
        #expect(picture.width == 2 && picture.height == 1 && picture.bytes == points)
        #expect(Picture(pixmap: Array("P6\t2\n1 255 ".utf8) + points + [9]) == picture)
    }

    @Test(
        "are not read from anything else",
        arguments: ["", "P6", "P5\n1 1\n255\nabc", "P6\n0 1\n255\n", "P6\n1 1\n65535\nabcdef", "P6\n9 9\n255\nabc"])
    func nothing(text: String) {
        #expect(Picture(pixmap: Array(text.utf8)) == nil)
    }

    @Test("become JPEG files that tell their size, and the same picture the same file")
    func jpeg() throws {
        var picture = Picture(width: 37, height: 19)
        for point in 0..<(37 * 19) { picture.bytes[point * 3] = UInt8(point % 251) }
        let file = picture.jpeg
        #expect(file.prefix(4) == [0xFF, 0xD8, 0xFF, 0xE0] && file.suffix(2) == [0xFF, 0xD9])
        let frame = try #require(file.indices.first { file[$0] == 0xFF && file[$0 + 1] == 0xC0 })
        #expect(file[(frame + 5)..<(frame + 9)] == [0, 19, 0, 37])
        #expect(picture.jpeg == file)
    }
}

@Suite("A serial console's output as a screen")
struct TextScreenTests {
    private func lines(_ output: String) -> [String] { TextScreen(Array(output.utf8)).text }

    @Test("breaks lines where they end and at the eightieth column")
    func breaks() {
        #expect(lines("one\r\ntwo") == ["one", "two"])
        // As a terminal has it: a line feed alone goes straight down.
        #expect(lines("one\ntwo") == ["one", "   two"])
        #expect(lines(String(repeating: "x", count: 81)) == [String(repeating: "x", count: 80), "x"])
    }

    @Test("shows the last 25 lines")
    func scrolls() {
        let shown = lines((1...40).map { "line \($0)" }.joined(separator: "\r\n"))
        #expect(shown.count == 25 && shown.first == "line 16" && shown.last == "line 40")
    }

    @Test("obeys what moves within a line and what clears the screen, and passes over colours")
    func controls() {
        #expect(lines("12%\r34%") == ["34%"])
        #expect(lines("ab\u{8}c") == ["ac"])
        #expect(lines("\u{1B}[1;32mgreen\u{1B}[0m") == ["green"])
        #expect(lines("gone\r\n\u{1B}[2J\u{1B}[Hlogin:") == ["login:"])
        #expect(lines("a\tb") == ["a       b"])
        #expect(lines("ü") == ["?"])
    }

    @Test("has letters at their places, light on black")
    func picture() {
        let picture = TextScreen(Array(" A".utf8)).picture
        #expect(picture.width == 640 && picture.height == 400)
        let lit = stride(from: 0, to: picture.bytes.count, by: 3).filter { picture.bytes[$0] != 0 }.map { $0 / 3 }
        #expect(!lit.isEmpty && lit.allSatisfy { (8..<16).contains($0 % 640) && $0 / 640 < 16 })
        #expect(TextScreen([]).picture == Picture(width: 640, height: 400))
    }
}
