import AWSWire
import CloudTypes
import Testing

@Suite("Reading a rest-json request")
struct RESTReadingTests {
    private func refusal<Operation: RESTOperation>(
        _ operation: Operation.Type, labels: [String: String] = [:], query: String = "",
        headers: [String: String] = [:], body: String = ""
    ) -> EC2Error? {
        do throws(WireError) {
            let request = try RESTRequest(
                operation.binding, labels: labels, query: query, headers: headers.map { ($0.key, $0.value) },
                body: Array(body.utf8))
            _ = try Operation.Input(from: request.root)
            return nil
        } catch {
            return operation.service.refusal(of: error)
        }
    }

    @Test(
        "a value that the model forbids is refused with the model's reason",
        arguments: [
            (#"{"VolumeSize":0}"#, "INVALID_VOLUME_SIZE"), (#"{}"#, "INVALID_VOLUME_SIZE"),
            (#"{"VolumeSize":"1"}"#, "INVALID_VOLUME_SIZE"), (#"{"VolumeSize":1.5}"#, "INVALID_VOLUME_SIZE"),
            (#"{"VolumeSize":1,"Timeout":9}"#, "INVALID_PARAMETER_VALUE"),
            (#"{"VolumeSize":1,"Timeout":4321}"#, "INVALID_PARAMETER_VALUE"),
            (#"{"VolumeSize":1,"Encrypted":"yes"}"#, "INVALID_PARAMETER_VALUE"),
            (#"{"VolumeSize":1,"ParentSnapshotId":"vol-1"}"#, "INVALID_SNAPSHOT_ID"),
            (#"{"VolumeSize":1,"ParentSnapshotId":""}"#, "INVALID_SNAPSHOT_ID"),
            (#"{"VolumeSize":1,"KmsKeyArn":"arn:aws:kms:eu:1:key/k"}"#, "INVALID_CUSTOMER_KEY"),
            (#"{"VolumeSize":1,"Tags":{"Key":"a"}}"#, "INVALID_TAG"),
            (#"{"VolumeSize":1,"Tags":[{"Key":7}]}"#, "INVALID_TAG"),
            (#"{"VolumeSize":1,"ClientToken":"a b"}"#, "INVALID_PARAMETER_VALUE"),
        ])
    func values(body: String, reason: String) {
        let error = refusal(EBS.Operation.StartSnapshot.self, body: body)
        #expect(error?.code == "ValidationException" && error?.httpStatus == 400)
        #expect(error?.reason == reason, "\(body)")
    }

    @Test("a body that is no object is refused before anything in it", arguments: ["[]", "{", "\"a\"", "{\"a\":1}x"])
    func documents(body: String) {
        #expect(refusal(EBS.Operation.StartSnapshot.self, body: body)?.code == "SerializationException")
    }

    @Test("members that nobody knows and members that are null are passed over")
    func tolerance() {
        let body = #"{"VolumeSize":1,"Other":{"a":[1]},"Description":null,"Tags":[]}"#
        #expect(refusal(EBS.Operation.StartSnapshot.self, query: "x=1", body: body) == nil)
    }

    @Test("texts of path, query and headers are judged like members of a document")
    func places() {
        let operation = EBS.Operation.ListSnapshotBlocks.self
        let snapshot = ["snapshotId": "snap-1"]
        #expect(refusal(operation, labels: snapshot, query: "maxResults=100&startingBlockIndex=0") == nil)
        for query in ["maxResults=99", "maxResults=10001", "maxResults=ten", "startingBlockIndex=-1"] {
            #expect(refusal(operation, labels: snapshot, query: query)?.reason == "INVALID_PARAMETER_VALUE")
        }
        #expect(refusal(operation, labels: snapshot, query: "maxResults=100&maxResults=100") != nil)
        #expect(refusal(operation, labels: snapshot, query: "pageToken=%20")?.reason == "INVALID_PAGE_TOKEN")
        #expect(refusal(operation, labels: ["snapshotId": "i-1"])?.reason == "INVALID_SNAPSHOT_ID")
        #expect(refusal(operation, labels: ["snapshotId": "%ff"])?.code == "SerializationException")
    }

    @Test("a path means the operation that spells it out, and one part is one label, escaped slashes included")
    func routes() {
        let routes = RESTRoutes([
            RESTBinding(.get, "/rules/{identifier}"), RESTBinding(.get, "/rules/all"), RESTBinding(.put, "/tags/{arn}"),
        ])
        #expect(routes.find(method: "GET", path: "/rules/all")?.place == 1)
        #expect(routes.find(method: "GET", path: "/rules/x")?.labels == ["identifier": "x"])
        #expect(routes.find(method: "PUT", path: "/tags/a%2Fb")?.labels == ["arn": "a%2Fb"])
        for (method, path) in [
            ("GET", "/rules/"), ("GET", "/rules"), ("POST", "/rules/x"), ("PUT", "/tags/a/b"), ("GET", ""),
        ] {
            #expect(routes.find(method: method, path: path) == nil, "\(method) \(path)")
        }
    }
}

@Suite("A pattern of a text")
struct TextPatternTests {
    @Test("matches whole texts only")
    func whole() {
        let pattern = TextPattern(.text("snap-"), .of("09af", 1...))
        #expect(pattern.matches("snap-0f"))
        for text in ["snap-", "snap-0g", "xsnap-0", "snap-0 ", ""] { #expect(!pattern.matches(text)) }
    }

    @Test("finds the way through parts that could each take more")
    func ambiguous() {
        let pattern = TextPattern(.text("arn:"), .of([.visible], 1...), .text(":k:"), .of("09", 2...3), .text(":"))
        #expect(pattern.matches("arn:a:k:12:k:345:"))
        #expect(!pattern.matches("arn:a:k:1:"))
        #expect(!pattern.matches("arn:a:k:1234:"))
    }

    @Test("does not slow down on texts made to slow it down")
    func long() {
        let part = TextPattern.Part.of("aa", 0...)
        let pattern = TextPattern(part, part, part, part, part, part, .text("b"))
        #expect(!pattern.matches(String(repeating: "a", count: 20_000)))
    }

    @Test("knows kinds of characters")
    func kinds() {
        let pattern = TextPattern(.of("__--", [.letters, .numbers, .separators], 0...))
        #expect(pattern.matches("é 字_٣-"))
        #expect(!pattern.matches("a\n") && !pattern.matches("€"))
        #expect(!TextPattern(.of([.line], 0...)).matches("a\nb"))
        #expect(TextPattern(.of([.visible, .spaces], 1...3)).matches("a\n€"))
    }
}
