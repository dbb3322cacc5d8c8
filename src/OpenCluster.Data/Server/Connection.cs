using OpenCluster.Data.Execution;
using OpenCluster.Sockets;

namespace OpenCluster.Data.Server;

/// <summary>A client's socket in an event loop.</summary>
internal sealed class Connection(long id, int descriptor, EventLoop loop) : Session(id)
{
    public int Descriptor { get; } = descriptor;

    public EventLoop Loop { get; } = loop;

    /// <summary>What was received and is no whole command yet.</summary>
    public InputBuffer Input { get; } = new();

    /// <summary>Where in the loop's receive buffer the bytes of this round are, and how many; none when they are in <see cref="Input"/>.</summary>
    public (int Offset, int Length) Received { get; set; }

    /// <summary>The peer has said that nothing more comes, or the socket failed.</summary>
    public bool IsGone { get; set; }

    /// <summary>What the loop waits for at its socket.</summary>
    public uint Interest { get; set; } = Polling.In;

    /// <summary>It is in the loop's list of those that were woken; the list's lock guards it.</summary>
    public bool IsWoken { get; set; }

    /// <summary>It is in the loop's list of those that wait for the log.</summary>
    public bool WaitsForLog { get; set; }

    public override void Wake() => Loop.WakeFor(this);
}
