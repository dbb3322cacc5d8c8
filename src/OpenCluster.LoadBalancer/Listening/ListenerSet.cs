using System.Collections.Immutable;
using System.Net.Sockets;
using OpenCluster.LoadBalancer.Relaying;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Listening;

/// <summary>The open listeners of a balancer. Changed by one thread at a time: its owner's lock.</summary>
internal sealed class ListenerSet(Stages stages)
{
    private readonly Dictionary<ListenerKey, PortListener> _open = [];

    public ImmutableArray<PortListener> All => [.. _open.Values];

    /// <summary>Opens what is wanted and not open, without accepting yet. If one cannot be had, nothing has happened.</summary>
    /// <exception cref="ListenException"/>
    public IReadOnlyList<PortListener> Bind(ImmutableArray<Listener> wanted)
    {
        var bound = new List<PortListener>();
        try
        {
            foreach (var plan in wanted.Where(p => !_open.ContainsKey(ListenerKey.Of(p))))
                bound.Add(plan.Protocol == ListenerProtocol.Udp ? DatagramListener.Bind(plan, stages) : StreamListener.Bind(plan, stages));
            return bound;
        }
        catch (ListenException)
        {
            foreach (var listener in bound) listener.Dispose();
            throw;
        }
    }

    /// <summary>From now on these are the listeners: those just bound accept, those that stay go on by their new plans, the others are closed.</summary>
    public void Use(ImmutableArray<Listener> wanted, IReadOnlyList<PortListener> bound)
    {
        var keys = wanted.Select(ListenerKey.Of).ToHashSet();
        foreach (var gone in _open.Where(l => !keys.Contains(l.Key)).ToList())
        {
            gone.Value.Dispose();
            _open.Remove(gone.Key);
        }
        foreach (var listener in bound) _open.Add(listener.Key, listener);
        Start(wanted);
    }

    /// <summary>Those that are open and wanted accept; others wait for <see cref="Use"/>.</summary>
    public void Start(ImmutableArray<Listener> wanted)
    {
        foreach (var plan in wanted)
        {
            if (!_open.TryGetValue(ListenerKey.Of(plan), out var listener)) continue;
            listener.Use(plan);
            listener.Start();
        }
    }

    /// <summary>Goes on with a socket of another process; it accepts only once a snapshot wants it.</summary>
    public void Take(Socket bound)
    {
        PortListener listener = bound.SocketType == SocketType.Dgram ? new DatagramListener(bound, stages) : new StreamListener(bound, stages);
        _open[listener.Key] = listener;
    }

    /// <summary>Stops accepting: another process has the sockets.</summary>
    public void HandOver()
    {
        foreach (var listener in _open.Values) listener.HandOver();
        _open.Clear();
    }

    public void Close()
    {
        foreach (var listener in _open.Values) listener.Dispose();
        _open.Clear();
    }
}
