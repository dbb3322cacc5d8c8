using System.Runtime.CompilerServices;
using OpenCluster.Data.Keyspace;
using OpenCluster.Data.Memory;

namespace OpenCluster.Data.Collections;

/// <summary>A sorted set: members by name, each with its score, and the same members in order.</summary>
internal readonly unsafe ref struct SortedSetValue(nint collection, Arena arena)
{
    private struct Head
    {
        public nint Members;
        public ScoreOrder.Head Order;
    }

    private readonly Head* head = (Head*)collection;

    public static nint Create(Arena arena)
    {
        var created = (Head*)arena.AllocateZeroed(sizeof(Head));
        created->Members = FieldMap.Create(arena);
        return (nint)created;
    }

    public int Count => (int)Members.Count;

    public FieldMap Members => new(head->Members, arena);

    public ScoreOrder Order => new(&head->Order, arena);

    public static double ScoreOf(Entry member) => Unsafe.ReadUnaligned<double>(member.Block + member.ValueOffset);

    public bool TryScore(ReadOnlySpan<byte> name, out double score)
    {
        var member = Members.Find(name);
        score = member.IsNull ? 0 : ScoreOf(member);
        return !member.IsNull;
    }

    /// <summary>Gives a member a score; true when it is new.</summary>
    public bool Put(ReadOnlySpan<byte> name, double score)
    {
        var member = Members.Find(name);
        if (member.IsNull)
        {
            member = Members.Add(name, new ReadOnlySpan<byte>(&score, sizeof(double)));
            Order.Insert(new Scored(score, member.Block));
            return true;
        }
        var before = ScoreOf(member);
        if (before == score) return false;
        Order.Remove(new Scored(before, member.Block));
        Unsafe.WriteUnaligned(member.Block + member.ValueOffset, score);
        Order.Insert(new Scored(score, member.Block));
        return false;
    }

    public bool Remove(ReadOnlySpan<byte> name)
    {
        var member = Members.Find(name);
        if (member.IsNull) return false;
        Order.Remove(new Scored(ScoreOf(member), member.Block));
        return Members.Remove(name);
    }

    /// <summary>The rank of a member that is there, from 0.</summary>
    public int Rank(Entry member) => Order.Rank(new Scored(ScoreOf(member), member.Block));

    public long SizeBytes => Members.SizeBytes + Order.SizeBytes;

    public void Free()
    {
        Order.Free();
        Members.Free();
        arena.Free((byte*)head);
    }
}
