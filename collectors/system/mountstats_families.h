#pragma once
// The families of the mountstats collector, each table in the order of the numbers of one line of
// /proc/self/mountstats. A family without a name stands for a number that is not exported.

#include <array>

#include "metrics/family.h"

namespace tocsin::mountstats {

inline constexpr FamilySpec kAge{"node_mountstats_nfs_age_seconds_total", MetricType::kCounter,
                                 "The age of the NFS mount in seconds."};

/// "bytes:"
inline constexpr std::array<FamilySpec, 8> kBytes{{
    {"node_mountstats_nfs_read_bytes_total", MetricType::kCounter,
     "Number of bytes read using the read() syscall."},
    {"node_mountstats_nfs_write_bytes_total", MetricType::kCounter,
     "Number of bytes written using the write() syscall."},
    {"node_mountstats_nfs_direct_read_bytes_total", MetricType::kCounter,
     "Number of bytes read using the read() syscall in O_DIRECT mode."},
    {"node_mountstats_nfs_direct_write_bytes_total", MetricType::kCounter,
     "Number of bytes written using the write() syscall in O_DIRECT mode."},
    {"node_mountstats_nfs_total_read_bytes_total", MetricType::kCounter,
     "Number of bytes read from the NFS server, in total."},
    {"node_mountstats_nfs_total_write_bytes_total", MetricType::kCounter,
     "Number of bytes written to the NFS server, in total."},
    {"node_mountstats_nfs_read_pages_total", MetricType::kCounter,
     "Number of pages read directly via mmap()'d files."},
    {"node_mountstats_nfs_write_pages_total", MetricType::kCounter,
     "Number of pages written directly via mmap()'d files."},
}};

/// "events:"
inline constexpr std::array<FamilySpec, 27> kEvents{{
    {"node_mountstats_nfs_event_inode_revalidate_total", MetricType::kCounter,
     "Number of times cached inode attributes are re-validated from the server."},
    {"node_mountstats_nfs_event_dnode_revalidate_total", MetricType::kCounter,
     "Number of times cached dentry nodes are re-validated from the server."},
    {"node_mountstats_nfs_event_data_invalidate_total", MetricType::kCounter,
     "Number of times an inode cache is cleared."},
    {"node_mountstats_nfs_event_attribute_invalidate_total", MetricType::kCounter,
     "Number of times cached inode attributes are invalidated."},
    {"node_mountstats_nfs_event_vfs_open_total", MetricType::kCounter,
     "Number of times cached inode attributes are invalidated."},
    {"node_mountstats_nfs_event_vfs_lookup_total", MetricType::kCounter,
     "Number of times a directory lookup has occurred."},
    {"node_mountstats_nfs_event_vfs_access_total", MetricType::kCounter,
     "Number of times permissions have been checked."},
    {"node_mountstats_nfs_event_vfs_update_page_total", MetricType::kCounter,
     "Number of updates (and potential writes) to pages."},
    {"node_mountstats_nfs_event_vfs_read_page_total", MetricType::kCounter,
     "Number of pages read directly via mmap()'d files."},
    {"node_mountstats_nfs_event_vfs_read_pages_total", MetricType::kCounter,
     "Number of times a group of pages have been read."},
    {"node_mountstats_nfs_event_vfs_write_page_total", MetricType::kCounter,
     "Number of pages written directly via mmap()'d files."},
    {"node_mountstats_nfs_event_vfs_write_pages_total", MetricType::kCounter,
     "Number of times a group of pages have been written."},
    {"node_mountstats_nfs_event_vfs_getdents_total", MetricType::kCounter,
     "Number of times directory entries have been read with getdents()."},
    {"node_mountstats_nfs_event_vfs_setattr_total", MetricType::kCounter,
     "Number of times directory entries have been read with getdents()."},
    {"node_mountstats_nfs_event_vfs_flush_total", MetricType::kCounter,
     "Number of pending writes that have been forcefully flushed to the server."},
    {"node_mountstats_nfs_event_vfs_fsync_total", MetricType::kCounter,
     "Number of times fsync() has been called on directories and files."},
    {"node_mountstats_nfs_event_vfs_lock_total", MetricType::kCounter,
     "Number of times locking has been attempted on a file."},
    {"node_mountstats_nfs_event_vfs_file_release_total", MetricType::kCounter,
     "Number of times files have been closed and released."},
    {},
    {"node_mountstats_nfs_event_truncation_total", MetricType::kCounter,
     "Number of times files have been truncated."},
    {"node_mountstats_nfs_event_write_extension_total", MetricType::kCounter,
     "Number of times a file has been grown due to writes beyond its existing end."},
    {"node_mountstats_nfs_event_silly_rename_total", MetricType::kCounter,
     "Number of times a file was removed while still open by another process."},
    {"node_mountstats_nfs_event_short_read_total", MetricType::kCounter,
     "Number of times the NFS server gave less data than expected while reading."},
    {"node_mountstats_nfs_event_short_write_total", MetricType::kCounter,
     "Number of times the NFS server wrote less data than expected while writing."},
    {"node_mountstats_nfs_event_jukebox_delay_total", MetricType::kCounter,
     "Number of times the NFS server indicated EJUKEBOX; retrieving data from offline storage."},
    {"node_mountstats_nfs_event_pnfs_read_total", MetricType::kCounter,
     "Number of NFS v4.1+ pNFS reads."},
    {"node_mountstats_nfs_event_pnfs_write_total", MetricType::kCounter,
     "Number of NFS v4.1+ pNFS writes."},
}};

/// "xprt: tcp"
inline constexpr std::array<FamilySpec, 13> kTransport{{
    {},
    {"node_mountstats_nfs_transport_bind_total", MetricType::kCounter,
     "Number of times the client has had to establish a connection from scratch to the NFS "
     "server."},
    {"node_mountstats_nfs_transport_connect_total", MetricType::kCounter,
     "Number of times the client has made a TCP connection to the NFS server."},
    {},
    {"node_mountstats_nfs_transport_idle_time_seconds", MetricType::kGauge,
     "Duration since the NFS mount last saw any RPC traffic, in seconds."},
    {"node_mountstats_nfs_transport_sends_total", MetricType::kCounter,
     "Number of RPC requests for this mount sent to the NFS server."},
    {"node_mountstats_nfs_transport_receives_total", MetricType::kCounter,
     "Number of RPC responses for this mount received from the NFS server."},
    {"node_mountstats_nfs_transport_bad_transaction_ids_total", MetricType::kCounter,
     "Number of times the NFS server sent a response with a transaction ID unknown to this "
     "client."},
    {},
    {"node_mountstats_nfs_transport_backlog_queue_total", MetricType::kCounter,
     "Total number of items added to the RPC backlog queue."},
    {"node_mountstats_nfs_transport_maximum_rpc_slots", MetricType::kGauge,
     "Maximum number of simultaneously active RPC requests ever used."},
    {"node_mountstats_nfs_transport_sending_queue_total", MetricType::kCounter,
     "Total number of items added to the RPC transmission sending queue."},
    {"node_mountstats_nfs_transport_pending_queue_total", MetricType::kCounter,
     "Total number of items added to the RPC transmission pending queue."},
}};

/// A line below "per-op statistics"; the last kOperationTimes of them are milliseconds.
inline constexpr std::array<FamilySpec, 8> kOperations{{
    {"node_mountstats_nfs_operations_requests_total", MetricType::kCounter,
     "Number of requests performed for a given operation."},
    {"node_mountstats_nfs_operations_transmissions_total", MetricType::kCounter,
     "Number of times an actual RPC request has been transmitted for a given operation."},
    {"node_mountstats_nfs_operations_major_timeouts_total", MetricType::kCounter,
     "Number of times a request has had a major timeout for a given operation."},
    {"node_mountstats_nfs_operations_sent_bytes_total", MetricType::kCounter,
     "Number of bytes sent for a given operation, including RPC headers and payload."},
    {"node_mountstats_nfs_operations_received_bytes_total", MetricType::kCounter,
     "Number of bytes received for a given operation, including RPC headers and payload."},
    {"node_mountstats_nfs_operations_queue_time_seconds_total", MetricType::kCounter,
     "Duration all requests spent queued for transmission for a given operation before they were "
     "sent, in seconds."},
    {"node_mountstats_nfs_operations_response_time_seconds_total", MetricType::kCounter,
     "Duration all requests took to get a reply back after a request for a given operation was "
     "transmitted, in seconds."},
    {"node_mountstats_nfs_operations_request_time_seconds_total", MetricType::kCounter,
     "Duration all requests took from when a request was enqueued to when it was completely "
     "handled for a given operation, in seconds."},
}};
inline constexpr std::size_t kOperationTimes = 3;

}  // namespace tocsin::mountstats
