// The `aws-chunked` framing of a body: sizes, data, a signature per chunk that continues the request's, and trailers.
// Decodes and encodes. Follows: Amazon S3 API Reference, "Signature calculations … transferring payload in multiple
// chunks", with and without trailing headers.

/// One body in `aws-chunked` framing, and what its chunks are signed with.
struct ChunkedBody {
    /// The values of `x-amz-content-sha256` that announce chunks.
    enum Form: String, Sendable {
        case signed = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
        case signedWithTrailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
        case unsignedWithTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

        var isSigned: Bool { self != .unsignedWithTrailer }
        var hasTrailer: Bool { self != .signed }
    }

    let form: Form
    let key: SigningKey
    let scope: CredentialScope
    /// The moment of signing, `20150830T123600Z`.
    let time: String
    /// The signature of the request, which that of the first chunk continues.
    let seed: [UInt8]

    /// Removes the framing, checking every chunk's signature before the next is looked at.
    ///
    /// - Parameter announcedLength: `x-amz-decoded-content-length`, which clients have to send.
    func decode(_ body: [UInt8], announcedLength: String?) throws(SignatureError) -> VerifiedBody {
        var reader = ChunkReader(bytes: body)
        var previous = seed
        var decoded: [UInt8] = []
        decoded.reserveCapacity(body.count)
        var index = 0
        while true {
            let (size, extensionText) = try reader.chunkHeader()
            let data = try reader.data(size)
            if form.isSigned {
                previous = try verified(data, extensionText, after: previous, index: index)
            }
            if size == 0 { break }
            decoded.append(contentsOf: data)
            try reader.lineEnd()
            index += 1
        }
        let trailers = try form.hasTrailer ? verifiedTrailers(&reader, after: previous) : []
        if !form.hasTrailer { try reader.lineEnd() }
        guard reader.isAtEnd else { throw .malformedChunks("there are bytes after the last chunk") }
        guard let announcedLength, number(announcedLength.utf8) == decoded.count else {
            throw .malformedChunks("x-amz-decoded-content-length is not the length of the data")
        }
        return VerifiedBody(bytes: decoded, trailers: trailers, isSigned: form.isSigned)
    }

    private func verified(
        _ data: ArraySlice<UInt8>, _ extensionText: ArraySlice<UInt8>, after previous: [UInt8], index: Int
    ) throws(SignatureError) -> [UInt8] {
        let name = Array("chunk-signature=".utf8)
        guard extensionText.starts(with: name) else { throw .malformedChunks("chunk \(index) has no signature") }
        let expected = chunkSignature(of: data, after: previous)
        guard equalInConstantTime(expected, extensionText.dropFirst(name.count)) else {
            throw .chunkSignatureDoesNotMatch(chunk: index)
        }
        return expected
    }

    func chunkSignature(of data: ArraySlice<UInt8>, after previous: [UInt8]) -> [UInt8] {
        sign("AWS4-HMAC-SHA256-PAYLOAD", after: previous, lines: [emptyPayloadHash, sha256Hex(data)])
    }

    func trailerSignature(_ trailers: [(name: String, value: String)], after previous: [UInt8]) -> [UInt8] {
        let text = trailers.map { "\($0.name):\($0.value)\n" }.joined()
        return sign("AWS4-HMAC-SHA256-TRAILER", after: previous, lines: [sha256Hex(Array(text.utf8))])
    }

    private func sign(_ algorithm: String, after previous: [UInt8], lines: [[UInt8]]) -> [UInt8] {
        var text = Array("\(algorithm)\n\(time)\n".utf8)
        scope.append(to: &text)
        text.append(UInt8(ascii: "\n"))
        text.append(contentsOf: previous)
        for line in lines {
            text.append(UInt8(ascii: "\n"))
            text.append(contentsOf: line)
        }
        return key.sign(text)
    }

    private func verifiedTrailers(
        _ reader: inout ChunkReader, after previous: [UInt8]
    ) throws(SignatureError) -> [(name: String, value: String)] {
        var trailers: [(name: String, value: String)] = []
        var signature: String?
        while !reader.isAtEnd {
            let line = try reader.line()
            if line.isEmpty { break }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
                throw .malformedChunks("a trailer has no colon")
            }
            let name = String(decoding: line[..<colon].map(lowercased), as: UTF8.self)
            let value = String(decoding: line[(colon + 1)...].drop { $0 == 32 }, as: UTF8.self)
            if name == "x-amz-trailer-signature" {
                signature = value
            } else {
                trailers.append((name, value))
            }
        }
        guard form.isSigned else { return trailers }
        guard let signature, equalInConstantTime(trailerSignature(trailers, after: previous), signature.utf8) else {
            throw .signatureDoesNotMatch(canonicalRequest: "", stringToSign: "AWS4-HMAC-SHA256-TRAILER")
        }
        return trailers
    }
}

extension ChunkedBody {
    /// Frames a body in chunks of `chunkBytes`, signing each.
    func encode(_ body: [UInt8], chunkBytes: Int, trailers: [(name: String, value: String)] = []) -> [UInt8] {
        var text: [UInt8] = []
        var previous = seed
        func append(_ data: ArraySlice<UInt8>) {
            text.append(contentsOf: String(data.count, radix: 16).utf8)
            if form.isSigned {
                previous = chunkSignature(of: data, after: previous)
                text.append(contentsOf: ";chunk-signature=".utf8)
                text.append(contentsOf: previous)
            }
            text.append(contentsOf: "\r\n".utf8)
            guard !data.isEmpty else { return }
            text.append(contentsOf: data)
            text.append(contentsOf: "\r\n".utf8)
        }
        for start in stride(from: 0, to: body.count, by: max(1, chunkBytes)) {
            append(body[start..<min(start + max(1, chunkBytes), body.count)])
        }
        append([])
        if form.hasTrailer {
            for trailer in trailers { text.append(contentsOf: "\(trailer.name):\(trailer.value)\r\n".utf8) }
            if form.isSigned {
                let signature = String(decoding: trailerSignature(trailers, after: previous), as: UTF8.self)
                text.append(contentsOf: "x-amz-trailer-signature:\(signature)\r\n".utf8)
            }
        }
        text.append(contentsOf: "\r\n".utf8)
        return text
    }
}

/// Walks over chunked bytes; every step is bounded by what is there.
private struct ChunkReader {
    let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    /// A line without its CR LF.
    mutating func line() throws(SignatureError) -> ArraySlice<UInt8> {
        guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "\r")), end + 1 < bytes.count,
            bytes[end + 1] == UInt8(ascii: "\n")
        else { throw .malformedChunks("a line has no end") }
        defer { position = end + 2 }
        return bytes[position..<end]
    }

    /// The size of the next chunk, and what follows it behind the semicolon.
    mutating func chunkHeader() throws(SignatureError) -> (size: Int, extensionText: ArraySlice<UInt8>) {
        let header = try line()
        let digits = header.prefix { $0 != UInt8(ascii: ";") }
        guard !digits.isEmpty, digits.count <= 8 else { throw .malformedChunks("a chunk has no size") }
        var size = 0
        for digit in digits {
            guard let value = hexValue(digit) else { throw .malformedChunks("a chunk's size is no hex number") }
            size = size << 4 | Int(value)
        }
        return (size, header.dropFirst(digits.count + 1))
    }

    mutating func data(_ count: Int) throws(SignatureError) -> ArraySlice<UInt8> {
        guard count <= bytes.count - position else { throw .malformedChunks("a chunk is cut off") }
        defer { position += count }
        return bytes[position..<(position + count)]
    }

    mutating func lineEnd() throws(SignatureError) {
        guard try line().isEmpty else { throw .malformedChunks("a chunk is longer than its size") }
    }
}
