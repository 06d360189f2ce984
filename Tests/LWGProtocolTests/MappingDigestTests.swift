import GroupModel
import LWGProtocol
import Testing

@Suite("What nodes tell each other of their mapping")
struct MappingDigestTests {
    @Test("mappings differ by their default, their pins and the order of these")
    func digests() {
        let (main, fast) = (HWGID(named: ShortName("main")!), HWGID(named: ShortName("fast")!))
        let mappings = [
            StaticMapping(default: main), StaticMapping(default: fast),
            StaticMapping(default: main, pins: [("hot/*", fast)]),
            StaticMapping(default: main, pins: [("hot/*", main)]),
            StaticMapping(default: main, pins: [("hot/*", fast), ("a", main)]),
            StaticMapping(default: main, pins: [("a", main), ("hot/*", fast)]),
            StaticMapping(default: main, perGroup: true),
        ]
        #expect(Set(mappings.map(\.digest)).count == mappings.count)
        #expect(StaticMapping(default: main, pins: [("hot/*", fast)]).digest == mappings[2].digest)
        // The default counts for nothing there.
        #expect(StaticMapping(default: fast, perGroup: true).digest == mappings[6].digest)
    }
}
