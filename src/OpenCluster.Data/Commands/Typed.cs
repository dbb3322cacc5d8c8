using OpenCluster.Data.Collections;
using OpenCluster.Data.Execution;
using OpenCluster.Data.Keyspace;

namespace OpenCluster.Data.Commands;

/// <summary>Keys that hold collections: found with the right kind, made when they are missing, gone when they are empty.</summary>
internal static class Typed
{
    /// <summary>The entry, or a null one; false when it is of another kind, which has been answered.</summary>
    public static bool TryFind(Call call, ReadOnlySpan<byte> key, ValueKind kind, out Entry entry)
    {
        entry = call.Keys.Find(key);
        if (entry.IsNull || entry.Kind == kind) return true;
        call.Reply.Error(Errors.WrongType);
        return false;
    }

    /// <summary>As <see cref="TryFind"/>, for a command that will change what is there.</summary>
    public static bool TryFindForWrite(Call call, ReadOnlySpan<byte> key, ValueKind kind, out Entry entry)
    {
        entry = call.Keys.FindForWrite(key);
        if (entry.IsNull || entry.Kind == kind) return true;
        call.Reply.Error(Errors.WrongType);
        return false;
    }

    /// <summary>As <see cref="TryFindForWrite"/>; a key that is missing is made, and must be given something.</summary>
    public static bool TryOpen(Call call, ReadOnlySpan<byte> key, ValueKind kind, out Entry entry)
    {
        if (!TryFindForWrite(call, key, kind, out entry)) return false;
        if (entry.IsNull) entry = call.Keys.AddCollection(key, kind, Collection.Create(kind, call.Keys.Arena));
        return true;
    }

    /// <summary>A collection from which something was taken: the key goes when nothing is left.</summary>
    public static void Settle(Call call, ReadOnlySpan<byte> key, Entry entry)
    {
        if (!Collection.IsEmpty(entry, call.Keys.Arena)) return;
        call.Keys.Remove(key);
        call.Notify(key, EventKind.Generic, "del"u8);
    }

    public static FieldMap Map(Call call, Entry entry) => new(entry.Collection, call.Keys.Arena);

    public static ListValue List(Call call, Entry entry) => new(entry.Collection, call.Keys.Arena);

    public static SortedSetValue SortedSet(Call call, Entry entry) => new(entry.Collection, call.Keys.Arena);
}
