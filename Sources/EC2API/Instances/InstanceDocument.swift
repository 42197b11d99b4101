// The answer of DescribeInstances, joined from fragments that are kept with the records they were made of.

import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeInstances` with an answer that is partly written already.
enum InstanceDocumentOperation: QueryOperation {
    typealias Model = EC2.Operation.DescribeInstances
    typealias Input = EC2.DescribeInstancesRequest
    typealias Output = InstanceDocument
    static var service: QueryService { Model.service }
    static var name: String { Model.name }
    static var resultElement: String? { Model.resultElement }
    static var isPaginated: Bool { Model.isPaginated }
    static var hasDryRun: Bool { Model.hasDryRun }
    static var hasClientToken: Bool { Model.hasClientToken }
}

struct InstanceDocument: XMLWritable {
    var nextToken: String?
    /// Those of one reservation side by side.
    let instances: [Versioned<InstanceRecord>]
    /// The account whose instances these are, all of them; nil where they are some.
    let wholeAccount: AccountID?
    let state: CloudState
    let settings: CloudSettings

    static func == (left: Self, right: Self) -> Bool {
        left.nextToken == right.nextToken && left.reservations == right.reservations
    }

    /// The same answer as the model has it.
    var reservations: [EC2.Reservation] {
        var reservations: [EC2.Reservation] = []
        for instance in instances.map(\.record) {
            if reservations.last?.reservationID != instance.reservation.description {
                reservations.append(
                    EC2.Reservation(
                        reservationID: instance.reservation.description, ownerID: instance.account.description))
            }
            reservations[reservations.count - 1].instances.append(EC2.Instance(instance, in: state, settings))
        }
        return reservations
    }

    func write(to xml: inout XMLWriter) {
        xml.element("nextToken", nextToken)
        guard !instances.isEmpty else { return xml.empty("reservationSet") }
        let sources = FragmentSources(of: state, settings)
        xml.open("reservationSet")
        if instances.count < InstanceDocument.fewInstances {
            forEachPart(sources) { InstanceDocument.write($0, &xml) }
        } else if let wholeAccount {
            xml.share(
                InstanceOrder.shared.text(of: wholeAccount, in: state.instances, sources.stamps) { text(sources) })
        } else {
            xml.share(text(sources))
        }
        xml.close("reservationSet")
    }

    /// So few are sooner copied than shared.
    private static var fewInstances: Int { 8 }

    private func text(_ sources: FragmentSources) -> ByteRope {
        var pieces: [[UInt8]] = []
        pieces.reserveCapacity(instances.count + instances.count / 8)
        forEachPart(sources) { part in
            if case .instance(let fragment) = part { return pieces.append(fragment) }
            var xml = XMLWriter()
            InstanceDocument.write(part, &xml)
            pieces.append(xml.finish())
        }
        return ByteRope(joining: pieces)
    }

    private enum Part {
        case beginning(InstanceRecord)
        case instance([UInt8])
        case end
    }

    private func forEachPart(_ sources: FragmentSources, _ body: (Part) -> Void) {
        var last: ReservationID?
        for instance in instances {
            if instance.record.reservation != last {
                if last != nil { body(.end) }
                last = instance.record.reservation
                body(.beginning(instance.record))
            }
            body(.instance(sources.fragment(of: instance)))
        }
        body(.end)
    }

    private static func write(_ part: Part, _ xml: inout XMLWriter) {
        switch part {
        case .beginning(let instance): beginReservation(of: instance, &xml)
        case .instance(let fragment): xml.verbatim(fragment)
        case .end: endReservation(&xml)
        }
    }

    private static func beginReservation(of instance: InstanceRecord, _ xml: inout XMLWriter) {
        xml.open("item")
        xml.element("reservationId", instance.reservation.description)
        xml.element("ownerId", instance.account.description)
        xml.empty("groupSet")
        xml.open("instancesSet")
    }

    private static func endReservation(_ xml: inout XMLWriter) {
        xml.close("instancesSet")
        xml.close("item")
    }
}
