import Foundation
import SegLoss
import SegTesting
import Support
import Testing
import Torch

@Suite struct AssignmentTests {
    /// Every way of giving the smaller side partners, one after the other.
    private func cheapest(_ costs: [Double], _ rows: Int, _ columns: Int) -> Double {
        func best(_ number: Int, _ taken: Set<Int>) -> Double {
            guard number < min(rows, columns) else { return 0 }
            return (0..<max(rows, columns)).filter { !taken.contains($0) }.map { other in
                let cost = rows <= columns ? costs[number * columns + other] : costs[other * columns + number]
                return cost + best(number + 1, taken.union([other]))
            }.min()!
        }
        return best(0, [])
    }

    private func total(_ assignment: [Int?], _ costs: [Double], _ columns: Int) -> Double {
        assignment.enumerated().reduce(0) { sum, pair in pair.element.map { sum + costs[pair.offset * columns + $0] } ?? sum }
    }

    private func checkPairs(_ assignment: [Int?], _ rows: Int, _ columns: Int) {
        let given = assignment.compactMap { $0 }
        #expect(assignment.count == rows && given.count == min(rows, columns) && Set(given).count == given.count)
        #expect(given.allSatisfy { (0..<columns).contains($0) })
    }

    @Test func noOtherAssignmentIsCheaper() {
        var random = SeededRandom(3)
        for round in 0..<4000 {
            let (rows, columns) = (1 + random.below(5), 1 + random.below(5))
            // Whole numbers have ties, and their sums no rounding.
            let costs = (0..<rows * columns).map { _ -> Double in
                if round % 2 == 0 { return Double(random.below(6) - 2) }
                return 20 * random.unit() - 10
            }
            let found = LinearAssignment.solve(costs, rows: rows, columns: columns)
            checkPairs(found, rows, columns)
            #expect(abs(total(found, costs, columns) - cheapest(costs, rows, columns)) < 1e-12)
        }
    }

    @Test func sciPyFindsTheSame() throws {
        let fixture = try Fixture("mask2former_loss", in: .module)
        let names = Set(fixture.tensors.keys.filter { $0.hasPrefix("assignment.") }.map { String($0.split(separator: ".")[1]) })
        #expect(names.count == 23)
        var unique = 0
        for name in names {
            let table = try fixture["assignment.\(name).costs"]
            let (rows, columns) = (table.size(0), table.size(1))
            let costs = table.array(of: Double.self)
            let found = LinearAssignment.solve(costs, rows: rows, columns: columns)
            checkPairs(found, rows, columns)
            try assertClose(total(found, costs, columns), fixture["assignment.\(name).total"].item(), relative: 1e-12, name)
            guard let only = fixture.tensors["assignment.\(name).columns"] else { continue }
            unique += 1
            #expect(found.map { $0 ?? -1 } == only.array(of: Int.self), "\(name)")
        }
        #expect(unique >= 10)
    }

    @Test func emptySidesHaveNoPairs() {
        #expect(LinearAssignment.solve([Double](), rows: 0, columns: 4).isEmpty)
        #expect(LinearAssignment.solve([Double](), rows: 3, columns: 0) == [nil, nil, nil])
    }

    @Test func whatIsNoNumberIsTakenLast() {
        for bad in [Double.nan, .infinity, -.infinity] {
            // The first row has one column with a cost, which the second would like too.
            #expect(LinearAssignment.solve([1, bad, 0, 5], rows: 2, columns: 2) == [0, 1])
            #expect(LinearAssignment.solve([bad, bad, bad, 2], rows: 2, columns: 2) == [0, 1])
            checkPairs(LinearAssignment.solve([Double](repeating: bad, count: 12), rows: 3, columns: 4), 3, 4)
        }
    }

    @Test func aThousandTargetsAreNoTrouble() {
        var random = SeededRandom(5)
        let costs = (0..<1000 * 100).map { _ in random.unit() }
        let found = LinearAssignment.solve(costs, rows: 1000, columns: 100)
        checkPairs(found, 1000, 100)
        // Each of the 100 costs about a thousandth.
        #expect(total(found, costs, 100) < 0.3)
    }
}
