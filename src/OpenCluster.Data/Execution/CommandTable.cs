using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace OpenCluster.Data.Execution;

/// <summary>Finds commands by name, whatever the case of its letters. Names have at most 16 letters, so one is two words of 64 bits.</summary>
internal sealed class CommandTable
{
    /// <summary>Letters in lower case have it; digits and hyphens have it anyway.</summary>
    private const ulong LowerCase = 0x2020202020202020;

    private readonly (ulong Low, ulong High, Command? Command)[] slots;
    private readonly Dictionary<string, Command> all = new(StringComparer.Ordinal);

    public CommandTable(IEnumerable<Command> commands)
    {
        foreach (var command in commands) all.Add(command.Name, command);
        slots = new (ulong, ulong, Command?)[BitOperations.RoundUpToPowerOf2((uint)all.Count * 4)];
        foreach (var command in all.Values)
        {
            Pack(Encoding.ASCII.GetBytes(command.Name), out var low, out var high);
            var at = Start(low, high);
            while (slots[at].Command is not null) at = at + 1 & slots.Length - 1;
            slots[at] = (low, high, command);
        }
    }

    public IReadOnlyCollection<Command> All => all.Values;

    public Command? Find(ReadOnlySpan<byte> name)
    {
        if (name.Length is 0 or > 16) return null;
        Pack(name, out var low, out var high);
        for (var at = Start(low, high); slots[at].Command is { } command; at = at + 1 & slots.Length - 1)
        {
            if (slots[at].Low == low && slots[at].High == high) return command;
        }
        return null;
    }

    private int Start(ulong low, ulong high) => (int)((low ^ BitOperations.RotateLeft(high, 29)) * 0x9e3779b97f4a7c15 >> 32) & slots.Length - 1;

    private static void Pack(ReadOnlySpan<byte> name, out ulong low, out ulong high)
    {
        ref var first = ref MemoryMarshal.GetReference(name);
        if (name.Length >= 8)
        {
            low = Unsafe.ReadUnaligned<ulong>(ref first) | LowerCase;
            high = name.Length == 8 ? 0 : Tail(name[8..]);
            return;
        }
        low = Tail(name);
        high = 0;
    }

    private static ulong Tail(ReadOnlySpan<byte> rest)
    {
        ulong word = 0;
        for (var i = rest.Length - 1; i >= 0; i--) word = word << 8 | rest[i] | 0x20u;
        return word;
    }
}
