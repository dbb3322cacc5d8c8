using System.Collections.Concurrent;

namespace OpenCluster.Agent.Processes;

/// <summary>
/// Tells when processes end that are not this agent's children (they were started by an earlier agent): one thread polls a pidfd for
/// each. Their exit code went to another parent and cannot be had.
/// </summary>
internal sealed class ExitWatch(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);
    private readonly ConcurrentQueue<(int Fd, TaskCompletionSource Ended)> _new = new();
    private readonly int _wake = LibC.EventFd(0, 0x80000 | 0x800);
    private Thread? _thread;
    private volatile bool _stopped;

    /// <summary>Ends when the process does; at once when it already has.</summary>
    public Task Ended(ProcessIdentity process)
    {
        var fd = LibC.PidFdOpen(process.Pid);
        // The pid may have been given to another between the look and the open: look again with the descriptor in hand.
        if (!process.Alive)
        {
            if (fd >= 0) _ = LibC.Close(fd);
            return Task.CompletedTask;
        }

        // No descriptor to be had (none left, an old kernel): it lives all the same, and must not be taken for dead and started again.
        if (fd < 0) return LookAsync(process);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _new.Enqueue((fd, ended));
        if (_thread is null)
        {
            _thread = new Thread(Watch, 128 * 1024) { IsBackground = true, Name = "exit-watch" };
            _thread.Start();
        }
        Wake();
        return ended.Task;
    }

    private async Task LookAsync(ProcessIdentity process)
    {
        while (!_stopped && process.Alive) await Task.Delay(LookEvery, time);
    }

    private unsafe void Wake()
    {
        ulong one = 1;
        _ = LibC.Write(_wake, &one, sizeof(ulong));
    }

    private unsafe void Watch()
    {
        var watched = new List<(int Fd, TaskCompletionSource Ended)>();
        while (!_stopped)
        {
            while (_new.TryDequeue(out var entry)) watched.Add(entry);
            var fds = new LibC.PollFd[watched.Count + 1];
            fds[0] = new LibC.PollFd { Fd = _wake, Events = LibC.PollIn };
            for (var i = 0; i < watched.Count; i++) fds[i + 1] = new LibC.PollFd { Fd = watched[i].Fd, Events = LibC.PollIn };
            fixed (LibC.PollFd* first = fds) _ = LibC.Poll(first, (nuint)fds.Length, -1);
            if (fds[0].Returned != 0)
            {
                ulong count;
                _ = LibC.Read(_wake, &count, sizeof(ulong));
            }
            for (var i = watched.Count - 1; i >= 0; i--)
            {
                if (fds[i + 1].Returned == 0) continue;
                _ = LibC.Close(watched[i].Fd);
                watched[i].Ended.SetResult();
                watched.RemoveAt(i);
            }
        }
        foreach (var (fd, _) in watched) _ = LibC.Close(fd);
        _ = LibC.Close(_wake);
    }

    public void Dispose()
    {
        _stopped = true;
        if (_thread is null) _ = LibC.Close(_wake);
        else Wake();
    }
}
