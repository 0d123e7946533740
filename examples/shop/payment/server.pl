#!/usr/bin/perl
# The bank: POST /charges with {"amountCents": N, "reference": "..."}. About one charge in fifty fails, half of those
# declined (402) and half with the bank away (503). Needs only what Debian's perl-base has: one process per connection.
use strict;
use warnings;
use Errno qw(EINTR);
use IO::Select;
use IO::Socket::INET;
use POSIX qw(WNOHANG);

use constant {
    CONNECTIONS_MAX => 128,       # processes; the mesh keeps far fewer connections
    HEAD_BYTES_MAX  => 16_384,
    BODY_BYTES_MAX  => 65_536,
    WAIT_SECONDS    => 0.5,       # how soon a signal that slipped in before a wait is seen
};

$| = 1;
my $host = $ENV{HOST} // '127.0.0.1';
my $port = $ENV{PORT} // die "payment: PORT is not set\n";
my %status_text = (
    200 => 'OK', 201 => 'Created', 400 => 'Bad Request', 402 => 'Payment Required', 404 => 'Not Found',
    411 => 'Length Required', 413 => 'Content Too Large', 503 => 'Service Unavailable',
);

my $stopping = 0;
$SIG{TERM} = sub { $stopping = 1 };
$SIG{PIPE} = 'IGNORE';

my $listener = IO::Socket::INET->new(
    LocalAddr => $host, LocalPort => $port, Listen => 128, ReuseAddr => 1,
) or die "payment: cannot listen on $host:$port: $!\n";

my %children;
my $waiting = IO::Select->new($listener);
until ($stopping) {
    while ((my $pid = waitpid(-1, WNOHANG)) > 0) { delete $children{$pid} }
    next unless $waiting->can_read(WAIT_SECONDS);
    if (keys %children >= CONNECTIONS_MAX) { select(undef, undef, undef, 0.01); next }
    my $client = $listener->accept or next;
    my $pid = fork;
    if (!defined $pid) { warn "payment: cannot fork: $!\n"; next }
    if ($pid == 0) {
        close $listener;
        srand;    # or every connection would draw the same luck
        serve($client);
        exit 0;
    }
    $children{$pid} = 1;
}
# Those who are answering finish; those who wait for a request hang up.
close $listener;
kill TERM => keys %children;
1 while waitpid(-1, 0) > 0 || $! == EINTR;

# Answers one connection's requests, one after the other, until either side has had enough.
sub serve {
    my ($client) = @_;
    my $readable = IO::Select->new($client);
    my $input    = '';

    # Reads until `$enough` holds; false when the client left, or when told to stop while nothing had come.
    my $read = sub {
        my ($enough) = @_;
        until ($enough->()) {
            return 0 if $stopping && $input eq '' && !$readable->can_read(0);
            next unless $readable->can_read(WAIT_SECONDS);
            my $count = sysread $client, $input, 16_384, length $input;
            next if !defined $count && $! == EINTR;
            return 0 unless $count;
        }
        return 1;
    };

    while (1) {
        my $end = -1;
        $read->(sub { ($end = index $input, "\r\n\r\n") >= 0 || length $input > HEAD_BYTES_MAX }) or return;
        return reply($client, 400, 0, '{"reason":"head too long"}') if $end < 0;
        my ($line, @fields) = split /\r\n/, substr $input, 0, $end;
        substr $input, 0, $end + 4, '';
        my ($method, $path, $minor) = $line =~ m{^([A-Z]+) (/\S*) HTTP/1\.([01])$}
            or return reply($client, 400, 0, '{"reason":"not a request"}');
        my %field = map { /^([^:\s]+):\s*(.*?)\s*$/ ? (lc $1 => $2) : () } @fields;

        return reply($client, 411, 0, '{"reason":"send a content-length"}') if exists $field{'transfer-encoding'};
        my $length = $field{'content-length'} // 0;
        return reply($client, 400, 0, '{"reason":"bad content-length"}') if $length !~ /^[0-9]{1,9}$/;
        return reply($client, 413, 0, '{"reason":"body too long"}') if $length > BODY_BYTES_MAX;
        # Once a head has come its body is waited for, stop or no stop.
        until (length $input >= $length) {
            my $count = sysread $client, $input, 16_384, length $input;
            next if !defined $count && $! == EINTR;
            return unless $count;
        }
        my $body = substr $input, 0, $length, '';

        my ($status, $answer) = answer($method, $path, $body);
        print log_line($method, $path, $status, $body) unless $path eq '/healthz';
        my $keep = $minor == 1 && ($field{connection} // '') !~ /\bclose\b/i && !$stopping;
        reply($client, $status, $keep, $answer) or return;
        return unless $keep;
    }
}

sub answer {
    my ($method, $path, $body) = @_;
    return (200, '{"status":"ok"}') if $path eq '/healthz';
    return (404, '{"reason":"no such page"}') unless $method eq 'POST' && $path eq '/charges';
    return (400, '{"reason":"send amountCents"}') unless $body =~ /"amountCents"\s*:\s*([0-9]{1,9})\b/;
    my $amount = $1;
    select undef, undef, undef, 0.01 + rand 0.04;    # the bank thinks
    my $luck = rand;
    return (402, '{"reason":"declined"}')         if $luck < 0.01;
    return (503, '{"reason":"the bank is away"}') if $luck < 0.02;
    return (201, sprintf '{"charge":"ch_%08x","amountCents":%d}', int rand 2**32, $amount);
}

# As syslog's readers know it: key=value, what has blanks in quotes.
sub log_line {
    my ($method, $path, $status, $body) = @_;
    my ($amount)    = $body =~ /"amountCents"\s*:\s*([0-9]{1,9})\b/;
    my ($reference) = $body =~ /"reference"\s*:\s*"([\w-]{1,40})"/;
    my $outcome = $status == 201 ? 'charged' : $status == 402 ? 'declined' : $status == 503 ? 'bank-away' : 'refused';
    return sprintf qq(at=%s method=%s path="%s" status=%d outcome=%s amount_cents=%s reference=%s\n),
        POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime), $method, $path =~ s/"/%22/gr, $status, $outcome, $amount // '-', $reference // '-';
}

sub reply {
    my ($client, $status, $keep, $body) = @_;
    my $output = "HTTP/1.1 $status $status_text{$status}\r\nContent-Type: application/json\r\nContent-Length: "
        . length($body) . "\r\nConnection: " . ($keep ? 'keep-alive' : 'close') . "\r\n\r\n$body";
    while (length $output) {
        my $count = syswrite $client, $output;
        next if !defined $count && $! == EINTR;
        return 0 unless $count;
        substr $output, 0, $count, '';
    }
    return 1;
}
