import PosternModel
import PosternPolicy
import PosternTelemetry

/// The last requests of one event loop, for `postern explain` and for comparing policies at a reload.
///
/// Every slot has its memory from the start; to remember a request is to copy a few hundred bytes over the oldest one,
/// and allocates nothing. It belongs to its loop.
final class RequestRing {
    /// Bytes of text in a slot. A part that is longer than its share, or finds no room behind the others, is cut and
    /// marked so.
    static let textBytes = 1_024

    let capacity: Int
    /// Requests ever remembered; the last `capacity` of them are here.
    private(set) var total = 0
    /// `capacity` slots, all of them initialised.
    private let slots: UnsafeMutablePointer<RingSlot>
    /// `capacity` times `textBytes`; read only where a piece says that it was written.
    private let text: UnsafeMutableRawPointer

    /// - parameter capacity: 1 and more.
    init(capacity: Int) {
        precondition(capacity > 0, "a ring has at least one slot")
        self.capacity = capacity
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: RingSlot(), count: capacity)
        text = .allocate(byteCount: capacity * Self.textBytes, alignment: 8)
    }

    deinit {
        slots.deinitialize(count: capacity)
        slots.deallocate()
        text.deallocate()
    }

    /// Takes the oldest slot for a new request.
    func next() -> RingEntry {
        let place = total % capacity
        total &+= 1
        slots[place] = RingSlot()
        return RingEntry(slots + place, text + place * Self.textBytes)
    }

    /// The newest request with this id, or with this extended id.
    func record(id: String) -> RequestRecord? {
        var id = id
        return id.withUTF8 { wanted in
            let wanted = UnsafeRawBufferPointer(wanted)
            for number in stride(from: total - 1, through: max(total - capacity, 0), by: -1) {
                let entry = entry(number)
                if entry.equals(.requestID, wanted) || entry.equals(.extendedID, wanted) { return entry.record }
            }
            return nil
        }
    }

    /// Requests by the numbers they came in, those that are still here.
    func records(_ numbers: Range<Int>) -> [RequestRecord] {
        numbers.clamped(to: max(total - capacity, 0)..<total).compactMap { entry($0).record }
    }

    /// When the oldest request that is here was received, in nanoseconds since 1970; nil while there is none.
    var oldest: Int? { total == 0 ? nil : entry(max(total - capacity, 0)).slot.pointee.wallNanoseconds }

    private func entry(_ number: Int) -> RingEntry {
        let place = number % capacity
        return RingEntry(slots + place, text + place * Self.textBytes)
    }
}

/// One remembered request; its text stands in memory of the ring.
struct RingSlot {
    var wallNanoseconds = 0
    var generation = 0
    var origin: RequestOrigin?
    var decision = PolicyOutcome.none
    var refusedBy: PolicyKind?
    var status = 0
    var pieces = InlineArray<15, RingPiece>(repeating: RingPiece())
}

/// Where a part of a slot's text stands.
struct RingPiece {
    var start: UInt16 = 0
    var length: UInt16 = 0
    var isPresent = false
    var isCut = false
}

/// The texts of a request, in the order in which they find room.
enum RingPart: Int {
    case requestID, extendedID, api, stage, verb, refusal, reason, domain, resourcePath
    case resource, method, path, userAgent, referer, host

    /// Bytes that are kept at most.
    var share: Int {
        switch self {
        case .requestID, .extendedID, .api, .verb, .refusal, .method: 64
        case .stage, .resourcePath, .reason: 128
        case .domain: 253
        case .resource, .path: 512
        case .userAgent, .host: 256
        case .referer: 192
        }
    }
}

/// A slot while it is written, or read.
struct RingEntry {
    let slot: UnsafeMutablePointer<RingSlot>
    private let text: UnsafeMutableRawPointer
    private var used = 0

    /// - Parameters: both live in the ring, which outlives the call that has the entry.
    init(_ slot: UnsafeMutablePointer<RingSlot>, _ text: UnsafeMutableRawPointer) {
        self.slot = slot
        self.text = text
    }

    mutating func put(_ part: RingPart, _ bytes: UnsafeRawBufferPointer) {
        let count = min(bytes.count, part.share, RequestRing.textBytes - used)
        if count > 0, let base = bytes.baseAddress { (text + used).copyMemory(from: base, byteCount: count) }
        slot.pointee.pieces[part.rawValue] = RingPiece(
            start: UInt16(used), length: UInt16(count), isPresent: true, isCut: count < bytes.count)
        used += count
    }

    func equals(_ part: RingPart, _ wanted: UnsafeRawBufferPointer) -> Bool {
        let bytes = bytes(slot.pointee.pieces[part.rawValue])
        return bytes.count == wanted.count && bytes.elementsEqual(wanted)
    }

    /// nil for a slot that was never written.
    var record: RequestRecord? {
        guard let origin = slot.pointee.origin else { return nil }
        return RequestRecord(
            requestID: string(.requestID), extendedID: string(.extendedID),
            wallNanoseconds: slot.pointee.wallNanoseconds, origin: origin, generation: slot.pointee.generation,
            apiID: string(.api), stage: string(.stage), resourcePath: string(.resourcePath), verb: string(.verb),
            domain: string(.domain), host: part(.host) ?? .empty, resource: part(.resource),
            method: part(.method) ?? .empty, path: part(.path) ?? .empty, userAgent: part(.userAgent),
            referer: part(.referer), decision: slot.pointee.decision, refusedBy: slot.pointee.refusedBy,
            refusal: string(.refusal), reason: string(.reason), status: slot.pointee.status)
    }

    private func part(_ part: RingPart) -> RequestRecord.Part? {
        let piece = slot.pointee.pieces[part.rawValue]
        return piece.isPresent ? RequestRecord.Part(bytes: Array(bytes(piece)), isCut: piece.isCut) : nil
    }

    private func string(_ part: RingPart) -> String { self.part(part)?.text ?? "" }

    private func bytes(_ piece: RingPiece) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: text + Int(piece.start), count: Int(piece.length))
    }
}
