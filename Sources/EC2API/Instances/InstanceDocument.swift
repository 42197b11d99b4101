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
        let sources = FragmentSources(of: state, settings)
        let fragments = instances.map { sources.fragment(of: $0) }
        xml.expect(fragments.reduce(0) { $0 + $1.count + 160 } + 256)
        xml.element("nextToken", nextToken)
        guard !instances.isEmpty else { return xml.empty("reservationSet") }
        xml.open("reservationSet")
        var last: ReservationID?
        for (instance, fragment) in zip(instances, fragments) {
            if instance.record.reservation != last {
                if last != nil { InstanceDocument.endReservation(&xml) }
                last = instance.record.reservation
                InstanceDocument.beginReservation(of: instance.record, &xml)
            }
            xml.verbatim(fragment)
        }
        InstanceDocument.endReservation(&xml)
        xml.close("reservationSet")
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
