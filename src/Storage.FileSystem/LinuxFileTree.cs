using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ZarrCache.Storage.FileSystem;

/// <summary>
/// Files by <c>openat2</c> from the root's descriptor, so that the kernel itself refuses what would leave the root, at
/// the cost of no check of ours. Needs Linux 5.6 and a container that lets the call through.
/// </summary>
internal sealed unsafe class LinuxFileTree(string root, SymbolicLinks links, NameRules rules, bool preciseTimes) : FileTree(root, links, rules)
{
    private static readonly Lazy<bool> Supported = new(Probe);

    // The root of a tree that was disposed of, so that nobody who comes late opens the directory again: a call with it is an ObjectDisposedException.
    private static readonly SafeFileHandle Closed = MakeClosed();

    private const int DirectoryMode = 0b111_000_000; // 0700
    private const int FileMode = 0b110_000_000; // 0600
    private const int WriteBlock = 8 << 20; // between two looks at the cancellation token

    private readonly ulong _resolve = LibC.ResolveBeneath | LibC.ResolveNoMagicLinks | (links == SymbolicLinks.Refuse ? LibC.ResolveNoSymlinks : 0);

    // Null until somebody needs it, and again when the directory was removed; that one is left to its finalizer, for those that still use it.
    private volatile SafeFileHandle? _root;

    /// <summary>Whether the running system has what this needs.</summary>
    public static bool IsSupported => Supported.Value;

    /// <inheritdoc/>
    public override SafeFileHandle? OpenRead(string path, out FileStamp stamp)
    {
        stamp = default;
        const int flags = LibC.OpenReadOnly | LibC.OpenCloseOnExec | LibC.OpenNonBlocking; // non-blocking: for a pipe in a file's place
        for (bool again = true; ; again = false)
        {
            if (OpenRoot(create: false) is not { } directory)
            {
                return null;
            }

            int fd = LibC.OpenAt2(directory, path, flags, _resolve);
            if (fd >= 0)
            {
                var file = new SafeFileHandle(fd, ownsHandle: true);
                if (LibC.TryStat(file, out LibC.Status status) && status.IsRegular)
                {
                    stamp = Stamp(status);
                    return file;
                }

                file.Dispose();
                return null;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case LibC.NoEntry when again && IsGone(directory):
                    ForgetIfGone(directory);
                    continue;
                case LibC.NoEntry or LibC.NotDirectory or LibC.Loop or LibC.CrossDevice or LibC.NameTooLong or LibC.NoDevice:
                    return null;
                case int error:
                    throw Failure(error);
            }
        }
    }

    /// <inheritdoc/>
    public override int Read(SafeFileHandle file, Span<byte> destination, long offset)
    {
        fixed (byte* buffer = destination)
        {
            nint count;
            do
            {
                count = LibC.Read(file, buffer, (nuint)destination.Length, offset);
            }
            while (count < 0 && Marshal.GetLastPInvokeError() == LibC.Interrupted);
            return count >= 0 ? (int)count : throw Failure(Marshal.GetLastPInvokeError());
        }
    }

    /// <inheritdoc/>
    public override FileStamp? Write(string path, in ReadOnlySequence<byte> value, ReadOnlySpan<byte> record, CancellationToken ct)
    {
        (string directory, string name) = Split(path);
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            ct.ThrowIfCancellationRequested();
            using SafeFileHandle? parent = OpenDirectory(directory, create: true);
            if (parent is null)
            {
                return null;
            }

            string temporary = NewTemporaryName();
            int fd = LibC.OpenAt(parent, temporary, LibC.OpenWriteOnly | LibC.OpenCreate | LibC.OpenExclusive | LibC.OpenCloseOnExec | LibC.OpenNoFollow, FileMode);
            if (fd < 0)
            {
                int error = Marshal.GetLastPInvokeError();
                if (error is LibC.NoEntry && _root is { } top)
                {
                    ForgetIfGone(top); // else it was pruned just now
                }

                if (error is LibC.NoEntry or LibC.Exists or LibC.Interrupted)
                {
                    continue;
                }

                throw Failure(error);
            }

            bool moved = false;
            try
            {
                FileStamp stamp;
                using (var file = new SafeFileHandle(fd, ownsHandle: true))
                {
                    Fill(file, value, record, ct);
                    stamp = LibC.TryStat(file, out LibC.Status status) ? Stamp(status) : throw Failure(Marshal.GetLastPInvokeError());
                }

                switch (Move(parent, temporary, name))
                {
                    case 0:
                        moved = true;
                        return stamp;
                    case LibC.NoEntry:
                        continue; // somebody swept the temporary file
                    case LibC.IsDirectory or LibC.NotEmpty or LibC.Exists:
                        return null;
                    case int other:
                        throw Failure(other);
                }
            }
            finally
            {
                if (!moved)
                {
                    _ = LibC.UnlinkAt(parent, temporary, 0);
                }
            }
        }

        throw new IOException($"The directory of '{path}' was removed {Attempts} times while it was being written to.");
    }

    /// <inheritdoc/>
    public override bool Delete(string path)
    {
        (string directory, string name) = Split(path);
        using (SafeFileHandle? parent = OpenDirectory(directory, create: false))
        {
            if (parent is null)
            {
                return false;
            }

            if (LibC.UnlinkAt(parent, name, 0) != 0)
            {
                return Marshal.GetLastPInvokeError() is LibC.NoEntry or LibC.IsDirectory or LibC.NotPermitted or LibC.NameTooLong ? false : throw Failure(Marshal.GetLastPInvokeError());
            }
        }

        Prune(directory);
        return true;
    }

    /// <inheritdoc/>
    public override bool IsDirectory(string path)
    {
        using SafeFileHandle? directory = OpenDirectory(path, create: false);
        return directory is not null;
    }

    /// <inheritdoc/>
    public override void Prune(string directory)
    {
        while (directory.Length > 0)
        {
            (string above, string name) = Split(directory);
            using SafeFileHandle? parent = OpenDirectory(above, create: false);
            if (parent is null || LibC.UnlinkAt(parent, name, LibC.RemoveDirectory) != 0)
            {
                return; // most often because it is not empty
            }

            directory = above;
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        Interlocked.Exchange(ref _root, Closed)?.Dispose();
        base.Dispose();
    }

    private static SafeFileHandle MakeClosed()
    {
        var handle = new SafeFileHandle();
        handle.Dispose();
        return handle;
    }

    private static bool Probe()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture is not (Architecture.X64 or Architecture.Arm64))
        {
            return false;
        }

        int fd = LibC.Open("/", LibC.OpenPath | LibC.OpenDirectory | LibC.OpenCloseOnExec);
        using var top = new SafeFileHandle(fd, ownsHandle: true);
        if (fd < 0)
        {
            return false;
        }

        int inner = LibC.OpenAt2(top, ".", LibC.OpenPath | LibC.OpenDirectory | LibC.OpenCloseOnExec, LibC.ResolveBeneath);
        new SafeFileHandle(inner, ownsHandle: true).Dispose();
        return inner >= 0;
    }

    private static FileStamp Stamp(in LibC.Status status) =>
        new((long)status.Size, DateTimeOffset.UnixEpoch.AddTicks((status.ModifiedSeconds * TimeSpan.TicksPerSecond) + (status.ModifiedNanoseconds / 100)), status.Inode);

    private static bool IsGone(SafeFileHandle directory) => !LibC.TryStat(directory, out LibC.Status status) || status.Links == 0;

    private static int Move(SafeFileHandle parent, string temporary, string name)
    {
        if (LibC.RenameAt(parent, temporary, parent, name) == 0)
        {
            return 0;
        }

        int error = Marshal.GetLastPInvokeError();
        bool retry = error == LibC.IsDirectory && LibC.UnlinkAt(parent, name, LibC.RemoveDirectory) == 0; // it was empty
        return !retry ? error : LibC.RenameAt(parent, temporary, parent, name) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    private void Fill(SafeFileHandle file, in ReadOnlySequence<byte> value, ReadOnlySpan<byte> record, CancellationToken ct)
    {
        // Preallocating nearly triples the rate of writing, and finds a full disk before the first byte.
        if (value.Length > 0 && LibC.Allocate(file, 0, 0, value.Length) != 0 && Marshal.GetLastPInvokeError() is LibC.NoSpace or LibC.Quota or LibC.TooLarge)
        {
            throw Failure(Marshal.GetLastPInvokeError());
        }

        long offset = 0;
        foreach (ReadOnlyMemory<byte> segment in value)
        {
            for (ReadOnlySpan<byte> rest = segment.Span; !rest.IsEmpty;)
            {
                ct.ThrowIfCancellationRequested();
                fixed (byte* buffer = rest)
                {
                    nint count = LibC.Write(file, buffer, (nuint)Math.Min(rest.Length, WriteBlock), offset);
                    if (count > 0)
                    {
                        offset += count;
                        rest = rest[(int)count..];
                    }
                    else if (count == 0 || Marshal.GetLastPInvokeError() != LibC.Interrupted)
                    {
                        throw Failure(count == 0 ? LibC.NoSpace : Marshal.GetLastPInvokeError());
                    }
                }
            }
        }

        FileRecord.Write(file, record);
        if (preciseTimes)
        {
            long ticks = (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks;
            long* times = stackalloc long[4];
            times[0] = times[2] = ticks / TimeSpan.TicksPerSecond;
            times[1] = times[3] = ticks % TimeSpan.TicksPerSecond * 100;
            _ = LibC.SetTimes(file, times);
        }
    }

    /// <summary>The directory, made if asked for.</summary>
    /// <returns>Null if it is not there, or cannot be: something else stands in its way.</returns>
    private SafeFileHandle? OpenDirectory(string path, bool create)
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            if (OpenRoot(create) is not { } top)
            {
                return null;
            }

            int fd = LibC.OpenAt2(top, path.Length == 0 ? "." : path, LibC.OpenPath | LibC.OpenDirectory | LibC.OpenCloseOnExec, _resolve);
            if (fd >= 0)
            {
                return new SafeFileHandle(fd, ownsHandle: true);
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case LibC.NoEntry when create:
                    ForgetIfGone(top);
                    MakeDirectories(path);
                    break;
                case LibC.NoEntry or LibC.NotDirectory or LibC.Loop or LibC.CrossDevice:
                    return null;
                case LibC.NameTooLong when !create:
                    return null;
                case int error:
                    throw Failure(error);
            }
        }

        throw new IOException($"The directory '{path}' was removed {Attempts} times while it was being made.");
    }

    /// <summary>Makes each directory of a path that is missing; what another removes meanwhile is for the caller to try again.</summary>
    private void MakeDirectories(string path)
    {
        for (int end = path.IndexOf('/'); ; end = path.IndexOf('/', end + 1))
        {
            (string above, string name) = Split(end < 0 ? path : path[..end]);
            using SafeFileHandle? parent = OpenDirectory(above, create: false);
            if (parent is null)
            {
                return;
            }

            if (LibC.MakeDirectoryAt(parent, name, DirectoryMode) != 0 && Marshal.GetLastPInvokeError() is not (LibC.Exists or LibC.NoEntry))
            {
                throw Failure(Marshal.GetLastPInvokeError());
            }

            if (end < 0)
            {
                return;
            }
        }
    }

    /// <summary>The root's directory, which all calls share; of two that open it at once, one closes its own.</summary>
    private SafeFileHandle? OpenRoot(bool create)
    {
        if (_root is { } known)
        {
            return known;
        }

        int flags = LibC.OpenPath | LibC.OpenDirectory | LibC.OpenCloseOnExec | (Links == SymbolicLinks.Refuse ? LibC.OpenNoFollow : 0);
        while (true)
        {
            int fd = LibC.Open(Root, flags);
            if (fd >= 0)
            {
                var opened = new SafeFileHandle(fd, ownsHandle: true);
                if (Interlocked.CompareExchange(ref _root, opened, null) is not { } first)
                {
                    return opened;
                }

                opened.Dispose();
                return first;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case LibC.NoEntry when create:
                    Roots.Make(Root);
                    NameProbe.Write(Root, Rules);
                    break;
                case LibC.NoEntry:
                    return null;
                case LibC.NotDirectory or LibC.Loop:
                    throw new IOException("It is a file or a symbolic link, where a directory should be; name another place or move it away.");
                case int error:
                    throw Failure(error);
            }
        }
    }

    private void ForgetIfGone(SafeFileHandle root)
    {
        if (IsGone(root))
        {
            _ = Interlocked.CompareExchange(ref _root, null, root);
        }
    }

    private static IOException Failure(int error) => new(Marshal.GetPInvokeErrorMessage(error), error);
}
