namespace RingKit.Kvm.Guests;

/// <summary>Guest programs for real mode, byte by byte.</summary>
/// <remarks>
/// On entry ds is 0, bx the first page's segment, bp the number of pages, ecx how many stores, si the turns of the delay, di the page or the generator's state,
/// sp the number of hot pages: nothing uses a stack. The list has its address in si, and the turns in dx.
/// </remarks>
internal static class RealModeCode
{
    /// <summary>Where in the list's program the store is, and where it is counted.</summary>
    public const int ListStore = 0x03, ListCount = 0x0D;

    /// <summary><see cref="GuestPattern.Sequential"/>.</summary>
    public static ReadOnlySpan<byte> Sequential =>
    [
        0x89, 0xF8,                   // 00 again: mov ax, di
        0xC1, 0xE0, 0x08,             // 02        shl ax, 8
        0x01, 0xD8,                   // 05        add ax, bx
        0x8E, 0xC0,                   // 07        mov es, ax
        0x26, 0x89, 0x0E, 0x00, 0x00, // 09        mov es:[0], cx
        0x47,                         // 0e        inc di
        0x39, 0xEF,                   // 0f        cmp di, bp
        0x72, 0x02,                   // 11        jb next
        0x31, 0xFF,                   // 13        xor di, di
        0x89, 0xF0,                   // 15 next:  mov ax, si
        0x48,                         // 17 wait:  dec ax
        0x75, 0xFD,                   // 18        jnz wait
        0x80, 0x3E, 0x00, 0x0F, 0x00, // 1a        cmp byte [0f00h], 0
        0x75, 0x04,                   // 1f        jnz halt
        0x66, 0x49,                   // 21        dec ecx
        0x75, 0xDB,                   // 23        jnz again
        0xF4,                         // 25 halt:  hlt
        0xEB, 0xFD,                   // 26        jmp halt
    ];

    /// <summary><see cref="GuestPattern.Counter"/>.</summary>
    public static ReadOnlySpan<byte> Counter =>
    [
        0x89, 0xF8,                   // 00 again: mov ax, di
        0xC1, 0xE0, 0x08,             // 02        shl ax, 8
        0x01, 0xD8,                   // 05        add ax, bx
        0x8E, 0xC0,                   // 07        mov es, ax
        0x26, 0xFF, 0x06, 0x00, 0x00, // 09        inc word es:[0]
        0x47,                         // 0e        inc di
        0x39, 0xEF,                   // 0f        cmp di, bp
        0x72, 0x02,                   // 11        jb next
        0x31, 0xFF,                   // 13        xor di, di
        0x89, 0xF0,                   // 15 next:  mov ax, si
        0x48,                         // 17 wait:  dec ax
        0x75, 0xFD,                   // 18        jnz wait
        0x80, 0x3E, 0x00, 0x0F, 0x00, // 1a        cmp byte [0f00h], 0
        0x75, 0x04,                   // 1f        jnz halt
        0x66, 0x49,                   // 21        dec ecx
        0x75, 0xDB,                   // 23        jnz again
        0xF4,                         // 25 halt:  hlt
        0xEB, 0xFD,                   // 26        jmp halt
    ];

    /// <summary><see cref="GuestPattern.Random"/>.</summary>
    public static ReadOnlySpan<byte> Random =>
    [
        0xB8, 0x55, 0x62,             // 00 again: mov ax, 25173
        0xF7, 0xE7,                   // 03        mul di
        0x05, 0x19, 0x36,             // 05        add ax, 13849
        0x89, 0xC7,                   // 08        mov di, ax
        0xF7, 0xE5,                   // 0a        mul bp
        0xC1, 0xE2, 0x08,             // 0c        shl dx, 8
        0x01, 0xDA,                   // 0f        add dx, bx
        0x8E, 0xC2,                   // 11        mov es, dx
        0x26, 0x89, 0x0E, 0x00, 0x00, // 13        mov es:[0], cx
        0x89, 0xF0,                   // 18        mov ax, si
        0x48,                         // 1a wait:  dec ax
        0x75, 0xFD,                   // 1b        jnz wait
        0x80, 0x3E, 0x00, 0x0F, 0x00, // 1d        cmp byte [0f00h], 0
        0x75, 0x04,                   // 22        jnz halt
        0x66, 0x49,                   // 24        dec ecx
        0x75, 0xD8,                   // 26        jnz again
        0xF4,                         // 28 halt:  hlt
        0xEB, 0xFD,                   // 29        jmp halt
    ];

    /// <summary><see cref="GuestPattern.HotSet"/>.</summary>
    public static ReadOnlySpan<byte> HotSet =>
    [
        0xB8, 0x55, 0x62,             // 00 again: mov ax, 25173
        0xF7, 0xE7,                   // 03        mul di
        0x05, 0x19, 0x36,             // 05        add ax, 13849
        0x89, 0xC7,                   // 08        mov di, ax
        0x89, 0xE2,                   // 0a        mov dx, sp
        0x80, 0xFC, 0x20,             // 0c        cmp ah, 32
        0x73, 0x02,                   // 0f        jae next
        0x89, 0xEA,                   // 11        mov dx, bp
        0xC1, 0xE0, 0x03,             // 13 next:  shl ax, 3
        0xF7, 0xE2,                   // 16        mul dx
        0xC1, 0xE2, 0x08,             // 18        shl dx, 8
        0x01, 0xDA,                   // 1b        add dx, bx
        0x8E, 0xC2,                   // 1d        mov es, dx
        0x26, 0x89, 0x0E, 0x00, 0x00, // 1f        mov es:[0], cx
        0x89, 0xF0,                   // 24        mov ax, si
        0x48,                         // 26 wait:  dec ax
        0x75, 0xFD,                   // 27        jnz wait
        0x80, 0x3E, 0x00, 0x0F, 0x00, // 29        cmp byte [0f00h], 0
        0x75, 0x04,                   // 2e        jnz halt
        0x66, 0x49,                   // 30        dec ecx
        0x75, 0xCC,                   // 32        jnz again
        0xF4,                         // 34 halt:  hlt
        0xEB, 0xFD,                   // 35        jmp halt
    ];

    /// <summary>To the page at each segment of a list; no stop flag.</summary>
    public static ReadOnlySpan<byte> List =>
    [
        0xAD,                         // 00 again: lodsw
        0x8E, 0xC0,                   // 01        mov es, ax
        0x26, 0x89, 0x0E, 0x00, 0x00, // 03        mov es:[0], cx
        0x89, 0xD0,                   // 08        mov ax, dx
        0x48,                         // 0a wait:  dec ax
        0x75, 0xFD,                   // 0b        jnz wait
        0x66, 0x49,                   // 0d        dec ecx
        0x75, 0xEF,                   // 0f        jnz again
        0xF4,                         // 11 halt:  hlt
        0xEB, 0xFD,                   // 12        jmp halt
    ];
}
