using System.Net.Sockets;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Registration;

/// <summary>
/// Connections that apps have opened for requests to them, per registration: those that wait for a request, and requests that wait for
/// one. An app behind a wall needs no open port that way, and its address is nobody's business.
/// </summary>
internal sealed class ReverseLines
{
    /// <summary>Open at once for one registration, in use or not. Each serves one request at a time.</summary>
    public const int MostPerApp = 64;

    /// <summary>Requests that wait for a connection of one registration; beyond that they fail at once and may go elsewhere.</summary>
    private const int MostWaiting = 1000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Lines> _lines = new(StringComparer.Ordinal);

    /// <summary>Registrations that have a connection here; for peers.</summary>
    public IReadOnlyCollection<string> Ids
    {
        get
        {
            lock (_gate) return [.. _lines.Where(l => l.Value.Open > 0).Select(l => l.Key)];
        }
    }

    /// <summary>Open connections of all registrations.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _lines.Values.Sum(l => l.Open);
        }
    }

    public bool Has(string id)
    {
        lock (_gate) return _lines.TryGetValue(id, out var lines) && lines.Open > 0;
    }

    /// <summary>Its connections all carry a request.</summary>
    public bool IsBusy(string id)
    {
        lock (_gate) return _lines.TryGetValue(id, out var lines) && lines.Open > 0 && lines.Idle.Count == 0;
    }

    public bool HasRoom(string id)
    {
        lock (_gate) return !_lines.TryGetValue(id, out var lines) || lines.Open < MostPerApp;
    }

    /// <summary>A connection the app has opened: it waits here, serves a request, and has ended when this completes.</summary>
    public async Task ServeAsync(string id, Transport transport, ReadOnlyMemory<byte> early)
    {
        // An app that speaks before it is asked is not one that serves HTTP.
        if (!early.IsEmpty) return;
        var line = new Line(transport);
        lock (_gate)
        {
            if (!_lines.TryGetValue(id, out var lines)) _lines.Add(id, lines = new Lines());
            lines.Open++;
            lines.IsOver = false;
            Offer(lines, line, isNew: true);
        }
        await line.Ended.Task.ConfigureAwait(false);
        lock (_gate)
        {
            if (!_lines.TryGetValue(id, out var lines)) return;
            lines.Open--;
            lines.Idle.Remove(line);
            if (lines.Open == 0 && lines.Waiting.Count == 0) _lines.Remove(id);
        }
    }

    /// <summary>Takes a connection, or waits for one to be free.</summary>
    /// <exception cref="SocketException">The app has opened none here (refused), or too many wait already.</exception>
    public ValueTask<Line> TakeAsync(string id, CancellationToken ct)
    {
        TaskCompletionSource<Line> waiting;
        lock (_gate)
        {
            if (!_lines.TryGetValue(id, out var lines) || lines.Open == 0) throw new SocketException((int)SocketError.ConnectionRefused);
            while (lines.Idle.Last is { } latest)
            {
                lines.Idle.RemoveLast();
                // Bytes nobody asked for, or the end: either way it is of no use.
                if (!latest.Value.IsSpoilt) return new ValueTask<Line>(latest.Value);
                latest.Value.End();
            }
            if (lines.Waiting.Count >= MostWaiting) throw new SocketException((int)SocketError.TryAgain);
            waiting = new TaskCompletionSource<Line>(TaskCreationOptions.RunContinuationsAsynchronously);
            lines.Waiting.Enqueue(waiting);
        }
        return WaitAsync(id, waiting, ct);
    }

    /// <summary>A connection that was taken, and can carry a request.</summary>
    public void GiveBack(string id, Line line)
    {
        lock (_gate)
        {
            if (_lines.TryGetValue(id, out var lines) && !lines.IsOver && !line.Ended.Task.IsCompleted)
            {
                Offer(lines, line, isNew: false);
                return;
            }
        }
        line.End();
    }

    /// <summary>Closes what waits for a request; what serves one ends with it.</summary>
    public void Close(string id)
    {
        Line[] idle;
        lock (_gate)
        {
            if (!_lines.TryGetValue(id, out var lines)) return;
            lines.IsOver = true;
            idle = [.. lines.Idle];
            lines.Idle.Clear();
        }
        foreach (var line in idle) line.End();
    }

    /// <summary>Closes everything that waits: the process is to end.</summary>
    public void CloseAll()
    {
        foreach (var id in Ids) Close(id);
    }

    /// <summary>Drops connections whose app has gone without a word, or is registered no more; called now and then.</summary>
    public void Sweep(Func<string, bool> isRegistered)
    {
        foreach (var over in Ids.Where(id => !isRegistered(id))) Close(over);
        List<Line> spoilt;
        lock (_gate) spoilt = [.. _lines.Values.SelectMany(l => l.Idle).Where(l => l.IsSpoilt)];
        foreach (var line in spoilt) line.End();
    }

    /// <summary>What has served is taken first: an app opens another connection for each that it sees used for the first time.</summary>
    private static void Offer(Lines lines, Line line, bool isNew)
    {
        while (lines.Waiting.TryDequeue(out var first))
            if (first.TrySetResult(line)) return;
        if (isNew) lines.Idle.AddFirst(line);
        else lines.Idle.AddLast(line);
    }

    private async ValueTask<Line> WaitAsync(string id, TaskCompletionSource<Line> waiting, CancellationToken ct)
    {
        try
        {
            return await waiting.Task.WaitAsync(ct).ConfigureAwait(false);
        }
        catch (OperationCanceledException givenUp)
        {
            // It may have been given one at the same instant.
            if (!waiting.TrySetCanceled(CancellationToken.None) && waiting.Task.IsCompletedSuccessfully) GiveBack(id, await waiting.Task.ConfigureAwait(false));
            throw new ObjectDisposedException("the wait for a connection was given up", givenUp);
        }
    }

    private sealed class Lines
    {
        public int Open;
        /// <summary>Its registration has ended.</summary>
        public bool IsOver;
        public readonly LinkedList<Line> Idle = new();
        public readonly Queue<TaskCompletionSource<Line>> Waiting = new();
    }

    /// <summary>One connection of an app.</summary>
    internal sealed class Line(Transport transport)
    {
        public Transport Transport => transport;

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsSpoilt
        {
            get
            {
                try
                {
                    return transport.HasInput;
                }
                catch (Exception gone) when (Loss.Is(gone))
                {
                    return true;
                }
            }
        }

        public void End()
        {
            transport.Dispose();
            Ended.TrySetResult();
        }
    }
}
