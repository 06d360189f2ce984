import Testing

/// M7: histories that must be rejected, and legal ones that look odd.
@Suite struct PrimaryCheckTests {
    private func violations(_ text: String) -> [String] { CompactHistory.violations(text) }

    private let three = """
        a view 1@a a,b,c - - primary
        b view 1@a a,b,c - - primary
        c view 1@a a,b,c - - primary

        """

    @Test func `M7 rejects two primary successors of one primary view`() {
        #expect(
            violations(
                three + """
                    a view 2@a a,b 1@a a,b primary
                    b view 2@a a,b 1@a a,b primary
                    c view 2@c c 1@a c primary
                    """) == ["M7"])
    }

    @Test func `M7 rejects a light-weight fork on two heavyweight groups`() {
        #expect(
            violations(
                """
                a/0 lwg:g view 1@a a/0,b/0 - - primary on=h,1@a
                b/0 lwg:g view 1@a a/0,b/0 - - primary on=h,1@a
                a/0 lwg:g view 2@a a/0 1@a = primary on=h,2@a
                b/0 lwg:g view 2@b b/0 1@a = primary on=i,1@b
                """) == ["M7"])
    }

    @Test func `M7 rejects the merge of two primary views`() {
        #expect(
            violations(
                """
                a view 1@a a - = primary
                a view 2@a a 1@a = primary
                b view 1@b b,a - - primary
                b view 2@b b 1@b = primary
                a view 3@a a,b 2@a a primary
                b view 3@a a,b 2@b b primary
                """) == ["M7"])
    }

    @Test func `M7 rejects two beginnings without a common node`() {
        #expect(
            violations("a view 1@a a,b - - primary\nc view 1@c c,d - - primary") == ["M7"])
    }

    /// d and e are a view that is not primary.
    private let beside = "d view 1@d d,e - -\ne view 1@d d,e - -\n"
    private let chain = "a view 2@a a,b 1@a a,b primary\nb view 2@a a,b 1@a a,b primary\nc view 2@c c 1@a c\n"

    @Test func `M7 rejects a primary view without anybody of the one before`() {
        #expect(
            violations(
                three + beside + chain + """
                    c view 5@c c,d,e 2@c c primary
                    d view 5@c c,d,e 1@d d,e primary
                    e view 5@c c,d,e 1@d d,e primary
                    """) == ["M7"])
        // b's way back leads past d's, which has nobody of {a}.
        #expect(
            violations(
                three + beside + chain + """
                    a view 3@a a 2@a a primary
                    b view 3@b b 2@a b
                    b view 4@b b,d,e 3@b b primary
                    """) == ["M7"])
    }

    @Test
    func `M7 accepts such a view where a restart, a leaver, a second heavyweight group or a missing trace explains it`()
    {
        let merged = "c view 5@c c,d,e 2@c c primary\n"
        #expect(violations(three + beside + chain + "a leave\n" + merged) == [])
        #expect(violations(three + beside + chain + "a.2 view 1@a.2 a.2 - =\n" + merged) == [])
        #expect(violations(three + beside + chain + "a hwg:i view 1@a a - =\n" + merged) == [])
        #expect(violations(three + chain + merged) == [])
    }

    @Test func `M7 accepts a chain that goes on with who was outside for a while`() {
        #expect(
            violations(
                three + beside + chain + """
                    a view 3@a a,b,d,e 2@a a,b primary
                    d view 3@a a,b,d,e 1@d d,e primary
                    e view 3@a a,b,d,e 1@d d,e primary
                    d view 4@d d,e 3@a d,e
                    e view 4@d d,e 3@a d,e
                    c view 5@c c,d,e 2@c c primary
                    d view 5@c c,d,e 4@d d,e primary
                    e view 5@c c,d,e 4@d d,e primary
                    """) == [])
    }

    @Test func `M7 accepts a total restart, a minority beside, and an LWG that begins again`() {
        #expect(
            violations(
                three + """
                    a view 2@a a,b 1@a a,b primary
                    c view 2@c c 1@a c
                    a.2 view 1@a.2 a.2 - =
                    b.2 view 1@b.2 b.2 - =
                    a.2 view 9@a.2 a.2,b.2 1@a.2 a.2 primary
                    b.2 view 9@a.2 a.2,b.2 1@b.2 b.2 primary
                    """) == [])
        #expect(
            violations(
                """
                a/0 lwg:g view 1@a a/0 - = primary
                a/0 lwg:g leave
                b/0 lwg:g view 1@b b/0 - = primary
                """) == [])
    }

    @Test func `M7 accepts a chain that returns through a view without the label`() {
        #expect(
            violations(
                three + """
                    a view 2@a a 1@a a
                    b view 2@b b,c 1@a b,c
                    c view 2@b b,c 1@a b,c
                    a view 3@b b,c,a 2@a a primary
                    b view 3@b b,c,a 2@b b,c primary
                    c view 3@b b,c,a 2@b b,c primary
                    """) == [])
    }
}
