using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace OpenCluster.LoadBalancer.Handover;

/// <summary>
/// Open descriptors through a Unix socket, as ancillary data SCM_RIGHTS (unix(7), cmsg(3)); .NET has no API for it. The layouts are those
/// of 64-bit Linux. The sockets must be blocking ones of type SOCK_SEQPACKET, so that one send is one receive.
/// </summary>
internal static unsafe partial class DescriptorPassing
{
    /// <summary>More than a balancer listens at; the kernel's own bound is 253.</summary>
    public const int Most = 200;

    private const int SolSocket = 1;
    private const int ScmRights = 1;
    private const int CloseOnExec = 0x40000000;
    private const int HeaderBytes = 16;

    [StructLayout(LayoutKind.Sequential)]
    private struct IoVector
    {
        public void* Base;
        public nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct MessageHeader
    {
        public void* Name;
        public uint NameLength;
        public IoVector* Vectors;
        public nuint VectorCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }

    /// <exception cref="SocketException"/>
    public static void Send(Socket to, ReadOnlySpan<byte> text, ReadOnlySpan<int> descriptors)
    {
        var controlLength = HeaderBytes + Align(descriptors.Length * sizeof(int));
        var control = stackalloc byte[HeaderBytes + Align(Most * sizeof(int))];
        *(nuint*)control = (nuint)(HeaderBytes + descriptors.Length * sizeof(int));
        *(int*)(control + 8) = SolSocket;
        *(int*)(control + 12) = ScmRights;
        descriptors.CopyTo(new Span<int>(control + HeaderBytes, Most));
        fixed (byte* bytes = text)
        {
            var vector = new IoVector { Base = bytes, Length = (nuint)text.Length };
            var message = new MessageHeader { Vectors = &vector, VectorCount = 1, Control = descriptors.IsEmpty ? null : control, ControlLength = descriptors.IsEmpty ? 0 : (nuint)controlLength };
            if (SendMessage((int)to.Handle, &message, 0) < 0) throw new SocketException(Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>One message into <paramref name="text"/>, and the descriptors that came with it, which are the caller's from then on. Waits.</summary>
    /// <exception cref="SocketException"/>
    public static (int Length, int[] Descriptors) Receive(Socket from, Span<byte> text)
    {
        var control = stackalloc byte[HeaderBytes + Align(Most * sizeof(int))];
        fixed (byte* bytes = text)
        {
            var vector = new IoVector { Base = bytes, Length = (nuint)text.Length };
            var message = new MessageHeader { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = (nuint)(HeaderBytes + Align(Most * sizeof(int))) };
            var length = ReceiveMessage((int)from.Handle, &message, CloseOnExec);
            if (length < 0) throw new SocketException(Marshal.GetLastPInvokeError());
            if (message.ControlLength < HeaderBytes || *(int*)(control + 8) != SolSocket || *(int*)(control + 12) != ScmRights) return ((int)length, []);
            var count = ((int)*(nuint*)control - HeaderBytes) / sizeof(int);
            return ((int)length, new ReadOnlySpan<int>(control + HeaderBytes, count).ToArray());
        }
    }

    private static int Align(int length) => (length + 7) & ~7;

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint SendMessage(int socket, MessageHeader* message, int flags);

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    private static partial nint ReceiveMessage(int socket, MessageHeader* message, int flags);
}
