import CloudTypes
import Testing

@testable import SigV4

@Suite("The clock")
struct ClockTests {
    let signed = signer().sign(plainRequest(), at: signedMoment)

    @Test("may be off by a quarter of an hour", arguments: [-900.0, -1, 0, 1, 900])
    func tolerated(seconds: Double) { #expect(refusal(of: signed, at: signedMoment.adding(seconds: seconds)) == nil) }

    @Test("may not be off by more, and the answer tells the limits")
    func refused() {
        let late = signedMoment.adding(seconds: 901)
        #expect(
            refusal(of: signed, at: late)
                == .expired(signedAt: signedMoment, limit: signedMoment.adding(seconds: 1), now: late))
        let early = signedMoment.adding(seconds: -901)
        let answer = refusal(of: signed, at: early)
        #expect(
            answer
                == .notYetCurrent(signedAt: signedMoment, limit: signedMoment.adding(seconds: -1), now: early))
        #expect(
            answer?.message
                == "Signature not yet current: 20261123T081530Z is still later than 20261123T081529Z "
                + "(20261123T080029Z + 15 min.)")
    }

    @Test("lets a presigned address live as long as it says")
    func expiry() {
        let presigned = signer().presign(plainRequest(), at: signedMoment, expirySeconds: 3600)
        #expect(refusal(of: presigned, at: signedMoment.adding(seconds: 3600)) == nil)
        let late = signedMoment.adding(seconds: 3601)
        #expect(
            refusal(of: presigned, at: late)
                == .expired(signedAt: signedMoment, limit: signedMoment.adding(seconds: 1), now: late))
    }

    @Test("lets no presigned address live for more than a week", arguments: [-1, 0, 604_801])
    func week(seconds: Int) {
        let presigned = signer().presign(plainRequest(), at: signedMoment, expirySeconds: seconds)
        #expect(refusal(of: presigned) == .invalidExpiry(String(seconds)))
    }

    @Test("is read from an HTTP date too")
    func httpDate() {
        #expect(Timestamp(httpDate: "Sun, 30 Aug 2015 12:36:00 GMT") == moment("20150830T123600Z"))
        #expect(Timestamp(httpDate: "Sun, 30 Aug 2015 12:36:00 -0000") == moment("20150830T123600Z"))
        #expect(Timestamp(httpDate: "Sun, 30 Aug 2015 12:36:00 CET") == nil)
    }
}
