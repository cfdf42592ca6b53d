using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ZarrCache.Storage.FileSystem;

/// <summary>
/// The system calls of 64-bit Linux that .NET does not offer. Variadic functions of C are called as if they were not,
/// which the calling conventions of x64 and arm64 Linux allow.
/// </summary>
internal static unsafe partial class LibC
{
    public const int OpenReadOnly = 0, OpenWriteOnly = 1, OpenCreate = 0x40, OpenExclusive = 0x80, OpenNonBlocking = 0x800, OpenCloseOnExec = 0x80000, OpenPath = 0x200000;

    // these two differ between x64 and arm64
    public static readonly int OpenDirectory = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 0x10000 : 0x4000;
    public static readonly int OpenNoFollow = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 0x20000 : 0x8000;

    public const ulong ResolveNoMagicLinks = 2, ResolveNoSymlinks = 4, ResolveBeneath = 8;

    public const int RemoveDirectory = 0x200;

    public const int NotPermitted = 1, NoEntry = 2, Interrupted = 4, Again = 11, Exists = 17, CrossDevice = 18, NotDirectory = 20, IsDirectory = 21,
        TooLarge = 27, NoSpace = 28, NameTooLong = 36, NotEmpty = 39, Loop = 40, Quota = 122, NoDevice = 6;

    private const long OpenAt2Number = 437; // the same on every architecture
    private const int EmptyPath = 0x1000;
    private const uint StatWanted = 0x1 | 0x4 | 0x40 | 0x100 | 0x200 | 0x400; // type, links, mtime, inode, size, blocks

    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public ulong Flags, Mode, Resolve;
    }

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct Status
    {
        [FieldOffset(16)] public uint Links;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(32)] public ulong Inode;
        [FieldOffset(40)] public ulong Size;
        [FieldOffset(48)] public ulong Sectors;
        [FieldOffset(112)] public long ModifiedSeconds;
        [FieldOffset(120)] public uint ModifiedNanoseconds;

        public readonly bool IsRegular => (Mode & 0xF000) == 0x8000;
    }

    /// <summary>Opens a path that may not leave <paramref name="directory"/> nor cross what <paramref name="resolve"/> forbids. The descriptor, or -1.</summary>
    public static int OpenAt2(SafeFileHandle directory, string path, int flags, ulong resolve)
    {
        var how = new OpenHow { Flags = (ulong)(uint)flags, Resolve = resolve };
        int fd;
        do
        {
            fd = (int)OpenAt2(OpenAt2Number, directory, path, &how, (nuint)sizeof(OpenHow));
        }
        while (fd < 0 && Marshal.GetLastPInvokeError() is Interrupted or Again); // Again: a rename raced with the look-up
        return fd;
    }

    public static bool TryStat(SafeFileHandle file, out Status status)
    {
        fixed (Status* pointer = &status)
        {
            return StatX(file, "", EmptyPath, StatWanted, pointer) == 0;
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial long OpenAt2(long number, SafeFileHandle directory, string path, OpenHow* how, nuint size);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int StatX(SafeFileHandle directory, string path, int flags, uint mask, Status* status);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "openat", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int OpenAt(SafeFileHandle directory, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "mkdirat", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int MakeDirectoryAt(SafeFileHandle directory, string path, uint mode);

    [LibraryImport("libc", EntryPoint = "unlinkat", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int UnlinkAt(SafeFileHandle directory, string path, int flags);

    [LibraryImport("libc", EntryPoint = "renameat", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int RenameAt(SafeFileHandle fromDirectory, string from, SafeFileHandle toDirectory, string to);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    public static partial nint Read(SafeFileHandle file, byte* buffer, nuint count, long offset);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    public static partial nint Write(SafeFileHandle file, byte* buffer, nuint count, long offset);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    public static partial int Allocate(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport("libc", EntryPoint = "fsetxattr", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int SetAttribute(SafeFileHandle file, string name, byte* value, nuint size, int flags);

    [LibraryImport("libc", EntryPoint = "fgetxattr", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial nint GetAttribute(SafeFileHandle file, string name, byte* value, nuint size);

    [LibraryImport("libc", EntryPoint = "futimens", SetLastError = true)]
    public static partial int SetTimes(SafeFileHandle file, long* times);

    [LibraryImport("libc", EntryPoint = "fstatfs", SetLastError = true)]
    public static partial int StatFileSystem(SafeFileHandle file, long* result);
}
