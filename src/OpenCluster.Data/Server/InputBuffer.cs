using System.Runtime.InteropServices;

namespace OpenCluster.Data.Server;

/// <summary>The beginning of a command whose rest has not come yet. Most connections never have one between two looks.</summary>
internal sealed unsafe class InputBuffer : IDisposable
{
    private const int FirstCapacity = 4 * 1024;
    private int capacity;

    public byte* Start { get; private set; }

    public int Length { get; private set; }

    public int Room => capacity - Length;

    public byte* End => Start + Length;

    public void Received(int count) => Length += count;

    public void Append(byte* bytes, int count)
    {
        Reserve(count);
        new ReadOnlySpan<byte>(bytes, count).CopyTo(new Span<byte>(End, count));
        Length += count;
    }

    /// <summary>Makes room for more. It at most doubles what has come, so nobody gets memory for what he only announced.</summary>
    public void Reserve(int count)
    {
        if (Room >= count) return;
        var wanted = (int)Math.Min(int.MaxValue, Math.Max(Math.Max(FirstCapacity, capacity * 2L), (long)Length + count));
        Start = (byte*)NativeMemory.Realloc(Start, (nuint)wanted);
        capacity = wanted;
    }

    /// <summary>Forgets the first bytes, which were dealt with; nothing left costs no memory.</summary>
    public void Drop(int count)
    {
        if (count == Length)
        {
            Dispose();
            return;
        }
        if (count == 0) return;
        new Span<byte>(Start + count, Length - count).CopyTo(new Span<byte>(Start, Length - count));
        Length -= count;
    }

    public void Dispose()
    {
        NativeMemory.Free(Start);
        Start = null;
        Length = capacity = 0;
    }
}
