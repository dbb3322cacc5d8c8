using FsCheck;
using FsCheck.Fluent;
using OpenCluster.Decisions.Registrations;
using OpenCluster.Model.Balancing;

namespace OpenCluster.Decisions.Tests.Registrations;

/// <summary>Books of three balancers merge into the same whatever comes in which order, how often, and from whom.</summary>
public sealed class BookMergeTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // Few ids, holders and numbers, so that the same lease is met in many versions.
    private static readonly Gen<RegistrationLease> Lease =
        from id in Gen.Elements("reg-a", "reg-b", "reg-c")
        from epoch in Gen.Choose(1, 3)
        from sequence in Gen.Choose(1, 3)
        from holder in Gen.Elements("lb-1", "lb-2", "lb-3")
        from until in Gen.Choose(0, 60)
        select new RegistrationLease
        {
            Id = id,
            Stamp = new LeaseStamp(epoch, sequence, holder),
            // What a stamp stands for is said by who gave it: it is the same wherever the stamp is.
            Registration = (epoch + sequence) % 3 == 0 ? null : Some.Registration(id, app: $"{holder}-{epoch}-{sequence}"),
            Until = Start.AddSeconds(until),
        };

    private static readonly Arbitrary<RegistrationBook> Book =
        (from leases in Lease.ListOf() select leases.Aggregate(RegistrationBook.Empty, (book, lease) => book.With(lease))).ToArbitrary();

    [Fact]
    public void Merging_does_not_depend_on_who_merges() =>
        Prop.ForAll(Book, Book, (a, b) => Same(a.Merge(b), b.Merge(a))).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Fact]
    public void Merging_does_not_depend_on_the_order() =>
        Prop.ForAll(Book, Book, Book, (a, b, c) => Same(a.Merge(b).Merge(c), a.Merge(b.Merge(c)))).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Fact]
    public void Merging_the_same_again_changes_nothing() =>
        Prop.ForAll(Book, Book, (a, b) => Same(a.Merge(a), a) && Same(a.Merge(b).Merge(b), a.Merge(b)) && Same(a.Merge(b).Merge(a), a.Merge(b)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    private static bool Same(RegistrationBook a, RegistrationBook b) =>
        a.Leases.Count == b.Leases.Count && a.Leases.All(l => b.Find(l.Key) is { } other && other.Stamp == l.Value.Stamp && other.Until == l.Value.Until && other.Registration?.App == l.Value.Registration?.App);
}
